import { AlertSeverity } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { AlertFilters } from "../parts/alert-filters.tsx";
import { AlertTable } from "../parts/alert-table.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { ACTIVE_ALERTS, type AlertFilter, hrefOf } from "../route.ts";

/** The alerts that a filter lets through, to be triaged. They stay fresh by themselves. */
export function AlertsPage({ filter }: { filter: AlertFilter }) {
  const [done, setDone] = useState("");
  return (
    <Page title="Alerts" aside={<AlertFilters filter={filter} />}>
      <p className="done" role="status">
        {done}
      </p>
      <AlertList filter={filter} onDone={setDone} />
    </Page>
  );
}

function AlertList({ filter, onDone }: { filter: AlertFilter; onDone: (words: string) => void }) {
  const list = useInfiniteQuery(
    AlertService.method.listAlerts,
    { pageToken: "", states: [...filter.states], severity: filter.severity },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  if (list.isPending) return <Loading what="alerts" />;
  if (list.isError && !list.data) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  const alerts = list.data.pages.flatMap((page) => page.alerts);
  return (
    <>
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {alerts.length === 0 ? <NoAlerts filter={filter} /> : <AlertTable alerts={alerts} onDone={onDone} />}
      <MoreButton
        hasMore={list.hasNextPage}
        loading={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </>
  );
}

function NoAlerts({ filter }: { filter: AlertFilter }) {
  const isNarrow = filter.severity !== AlertSeverity.UNSPECIFIED || filter.states.length === 1;
  if (isNarrow) {
    return (
      <Empty title="No alert fits this filter">
        <a href={hrefOf({ page: "alerts", filter: ACTIVE_ALERTS })}>Show all that want a decision.</a>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing wants a decision">
      Alerts are raised when a weekly run is complete.{" "}
      <a href={hrefOf({ page: "run", isoWeek: "" })}>See how the latest run stands.</a>
    </Empty>
  );
}
