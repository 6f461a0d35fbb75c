import { type Alert, AlertSeverity } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { callUnaryMethod, useInfiniteQuery, useTransport } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { AlertFilters } from "../parts/alert-filters.tsx";
import { AlertTable } from "../parts/alert-table.tsx";
import { ListStatus } from "../parts/list-status.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { PEEK_SIZE, useHeldList } from "../parts/use-held-list.ts";
import { usePagesKept } from "../parts/use-pages-kept.ts";
import { ACTIVE_ALERTS, type AlertFilter, hrefOf } from "../routing/route.ts";

/** The alerts that match a filter, for triage. Changes are received automatically. */
export function AlertsPage({ filter }: { filter: AlertFilter }) {
  return (
    <Page title="Alerts" extra={<AlertFilters filter={filter} />}>
      <AlertList filter={filter} />
    </Page>
  );
}

function AlertList({ filter }: { filter: AlertFilter }) {
  const [done, setDone] = useState("");
  const transport = useTransport();
  const { states, severity, modelName = "" } = filter;
  const request = { pageToken: "", states: [...states], severity, modelName };
  const list = useInfiniteQuery(AlertService.method.listAlerts, request, {
    pageParamKey: "pageToken",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
    placeholderData: keepPreviousData,
    // Rows do not move until the reader asks for the changes.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const readMore = usePagesKept(list);
  const alerts = list.data && eachOnce(list.data.pages.flatMap((page) => page.alerts));
  const belongs = (alert: Alert): boolean =>
    states.includes(alert.state) &&
    (severity === AlertSeverity.UNSPECIFIED || alert.severity === severity) &&
    (modelName === "" || alert.modelName === modelName);
  const held = useHeldList<HTMLDivElement>({
    name: hrefOf({ page: "alerts", filter }),
    shown: list.isPlaceholderData ? undefined : alerts,
    belongs,
    reload: async () => (await list.refetch()).isSuccess,
    peek: () => callUnaryMethod(transport, AlertService.method.listAlerts, { ...request, pageSize: PEEK_SIZE }),
  });
  const { changes, isMore, show } = held;
  const isEmpty = alerts !== undefined && !alerts.some(belongs);
  // The list is empty, so no row can move.
  useEffect(() => {
    if (isEmpty && (changes > 0 || alerts.length > 0) && !list.isFetching && !list.isError) void show();
  });
  if (list.isPending) return <Loading what="alerts" />;
  if (list.isError && !list.data) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut while one of the controls inside has the focus
    <div ref={held.container} onKeyDown={held.onKeyDown}>
      <ListStatus done={done} changes={changes} isMore={isMore} onShow={() => void show()} />
      {isEmpty ? (
        <NoAlerts filter={filter} />
      ) : (
        <AlertTable
          alerts={alerts ?? []}
          belongs={belongs}
          onDone={setDone}
          hrefOfModel={(one) => hrefOf({ page: "alerts", filter: { ...filter, modelName: one } })}
        />
      )}
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      <MoreButton hasMore={list.hasNextPage} loading={list.isFetchingNextPage} onMore={readMore} />
    </div>
  );
}

/** Removes repeated alerts. An alert that has moved since can be in two pages: its first row is kept. */
function eachOnce(alerts: readonly Alert[]): readonly Alert[] {
  const seen = new Set<string>();
  return alerts.filter(({ alertId }) => !seen.has(alertId) && seen.add(alertId));
}

function NoAlerts({ filter }: { filter: AlertFilter }) {
  const isNarrow =
    filter.severity !== AlertSeverity.UNSPECIFIED || filter.states.length === 1 || Boolean(filter.modelName);
  if (isNarrow) {
    return (
      <Empty title="No alert matches this filter">
        <a href={hrefOf({ page: "alerts", filter: ACTIVE_ALERTS })}>Show all alerts that need a decision.</a>
      </Empty>
    );
  }
  return (
    <Empty title="No alert needs a decision">
      Alerts are raised when a weekly run is complete.{" "}
      <a href={hrefOf({ page: "run", isoWeek: "" })}>See the state of the latest run.</a>
    </Empty>
  );
}
