import { AuditFilters } from "../audit/audit-filters.tsx";
import { ChainStatus } from "../audit/chain-status.tsx";
import { EventTable } from "../audit/event-table.tsx";
import { useEventsAfter, useNewestEvents } from "../audit/use-events.ts";
import { Empty, Failure, Loading } from "../parts/load-states.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { Page } from "../parts/page.tsx";
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
            {view.after === "" ? <NewestEvents view={view} /> : <EventsAfter view={view} />}
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

/** One component for each order, because their pages continue differently. */
const NewestEvents = ({ view }: { view: AuditView }) => <EventList view={view} {...useNewestEvents(view)} />;
const EventsAfter = ({ view }: { view: AuditView }) => <EventList view={view} {...useEventsAfter(view)} />;

type EventListProps = { readonly view: AuditView } & ReturnType<typeof useNewestEvents | typeof useEventsAfter>;

function EventList({ view, list, readMore }: EventListProps) {
  const records = list.data?.pages.flatMap((page) => page.records) ?? [];
  const kinds = [...new Set(records.map(({ event }) => event?.kind ?? ""))].sort();
  const isAll = auditQueryOf({ ...view, after: "" }) === "";
  return (
    <>
      <AuditFilters view={view} kinds={kinds} />
      <p className="quiet">
        {view.after === "" ? (
          <>
            Newest event first.{" "}
            <a href={hrefOf({ page: "audit", ...view, after: "0" })}>Show in the order of recording</a>
          </>
        ) : (
          <>
            In the order of recording, after record {view.after}: no late event is missed.{" "}
            <a href={hrefOf({ page: "audit", ...view, after: "" })}>Show newest event first</a>
          </>
        )}
      </p>
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
