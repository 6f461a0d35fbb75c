import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService, type ListAlertsResponse, WeekChange } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { callUnaryMethod, createConnectQueryKey, useInfiniteQuery, useTransport } from "@connectrpc/connect-query";
import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useRef } from "react";
import { PEEK_SIZE, useHeldList } from "../parts/use-held-list.ts";
import { usePagesKept } from "../parts/use-pages-kept.ts";
import { type InboxView, inboxQueryOf, listRequestOf } from "../routing/inbox-view.ts";

/** Number of alerts that are loaded at once: the maximum of the contract. */
const PAGE_SIZE = 200;

/**
 * Loads the alerts of a view, page by page. Rows do not move until the reader asks for the changes.
 * @param pagesToKeep returns the number of pages that are loaded again when the reader asks for the changes
 */
export function useInboxList(view: InboxView, belongs: (alert: Alert) => boolean, pagesToKeep: () => number) {
  const transport = useTransport();
  const queries = useQueryClient();
  const request = { ...listRequestOf(view), pageSize: PAGE_SIZE, pageToken: "" };
  const list = useInfiniteQuery(AlertService.method.listAlerts, request, {
    pageParamKey: "pageToken",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
    staleTime: Number.POSITIVE_INFINITY,
    // Comparing 10,000 alerts with the alerts before takes longer than showing them.
    structuralSharing: false,
  });
  const more = usePagesKept(list);
  const readMore = useRef(more);
  readMore.current = () => {
    if (!list.isFetching) more();
  };
  const alerts = useMemo(() => list.data && eachOnce(list.data.pages.flatMap((page) => page.alerts)), [list.data]);
  const reload = async (): Promise<boolean> => {
    const queryKey = createConnectQueryKey({
      ...{ schema: AlertService.method.listAlerts, cardinality: "infinite", transport, input: request },
      pageParamKey: "pageToken",
    });
    const keep = Math.max(1, pagesToKeep());
    queries.setQueriesData<InfiniteData<ListAlertsResponse>>({ queryKey }, (data) =>
      data && data.pages.length > keep
        ? { pages: data.pages.slice(0, keep), pageParams: data.pageParams.slice(0, keep) }
        : data,
    );
    return (await list.refetch()).isSuccess;
  };
  // Only the server knows which alerts changed in a week, and which suppliers a watchlist has.
  const isKnown = view.weekChange === WeekChange.UNSPECIFIED && view.watchlistId === "";
  const isMissing = useCallback((alert: Alert) => isKnown && belongs(alert), [isKnown, belongs]);
  const held = useHeldList<HTMLDivElement>({
    name: inboxQueryOf(view) || "inbox",
    shown: alerts,
    belongs: isMissing,
    reload,
    peek: () => callUnaryMethod(transport, AlertService.method.listAlerts, { ...request, pageSize: PEEK_SIZE }),
  });
  return { list, alerts, held, readMore, totalSize: list.data?.pages[0]?.totalSize ?? 0 };
}

/** Removes repeated alerts. An alert that has moved since can be in two pages: its first row is kept. */
function eachOnce(alerts: readonly Alert[]): readonly Alert[] {
  const seen = new Set<string>();
  return alerts.filter(({ alertId }) => !seen.has(alertId) && seen.add(alertId));
}
