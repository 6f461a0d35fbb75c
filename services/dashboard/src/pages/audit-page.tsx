import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { AuditFilters } from "../audit/audit-filters.tsx";
import { auditRequest } from "../audit/audit-request.ts";
import { ChainStatus } from "../audit/chain-status.tsx";
import { EventTable } from "../audit/event-table.tsx";
import { Empty, Failure, Loading } from "../parts/load-states.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { Page } from "../parts/page.tsx";
import { usePagesKept } from "../parts/use-pages-kept.ts";
import { ALL_EVENTS, type AuditView, auditQueryOf } from "../routing/record-views.ts";
import { hrefOf } from "../routing/route.ts";
import { useReader } from "../session/reader.ts";

/** The audit log: who did what, and whether its records are unchanged. */
export function AuditPage({ view }: { view: AuditView }) {
  const { mayAdminister } = useReader();
  return (
    <Page title="Audit">
      {mayAdminister ? (
        <>
          <ChainStatus />
          <section className="card" aria-labelledby="events">
            <h2 id="events">Events</h2>
            <Events view={view} />
          </section>
        </>
      ) : (
        <Empty title="Only administrators may read the audit log">
          Ask an administrator for what you need. The decisions about an alert are on the page of its supplier.
        </Empty>
      )}
    </Page>
  );
}

function Events({ view }: { view: AuditView }) {
  const list = useInfiniteQuery(
    AuditService.method.queryEvents,
    { ...auditRequest(view), pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  const readMore = usePagesKept(list);
  const records = list.data?.pages.flatMap((page) => page.records) ?? [];
  const kinds = [...new Set(records.map(({ event }) => event?.kind ?? ""))].sort();
  const isAll = auditQueryOf(view) === "";
  return (
    <>
      <AuditFilters view={view} kinds={kinds} />
      {list.isPending && <Loading what="the events" />}
      {list.data && records.length === 0 && (
        <Empty title={isAll ? "The audit log is empty" : "No event matches"}>
          {isAll ? (
            "Scores, decisions and weekly runs are recorded from the first one on."
          ) : (
            <>
              Texts must match as a whole. <a href={hrefOf({ page: "audit", ...ALL_EVENTS })}>Show all events.</a>
            </>
          )}
        </Empty>
      )}
      {records.length > 0 && <EventTable records={records} />}
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      <MoreButton hasMore={list.hasNextPage} loading={list.isFetchingNextPage} onMore={readMore} />
    </>
  );
}
