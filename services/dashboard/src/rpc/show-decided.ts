import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService, type ListAlertsResponse } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { createConnectQueryKey } from "@connectrpc/connect-query";
import type { InfiniteData, QueryClient, QueryKey } from "@tanstack/react-query";
import { isLater } from "./alert-changes.ts";

/** Marks a query whose answer has numbers or histories of alerts, and that is loaded again when alerts change. */
export const FOLLOWS_ALERTS = { followsAlerts: true };

/**
 * Loads again the single alerts and suppliers that the page shows. Lists keep their rows. Queries that are
 * not shown are loaded when they are shown.
 */
export async function refreshDetails(queries: QueryClient): Promise<void> {
  const keys = [
    createConnectQueryKey({ schema: AlertService.method.getAlert, cardinality: undefined }),
    createConnectQueryKey({ schema: SupplierService.method.getSupplier, cardinality: undefined }),
  ];
  const suppliers = createConnectQueryKey({ schema: SupplierService.method.listSuppliers, cardinality: undefined });
  await Promise.all([
    ...keys.map((queryKey) => queries.invalidateQueries({ queryKey })),
    queries.invalidateQueries({ predicate: ({ meta }) => meta === FOLLOWS_ALERTS }),
    queries.invalidateQueries({ queryKey: suppliers, refetchType: "none" }),
  ]);
}

/**
 * Replaces alerts by their new state in every list that contains them, without moving them. A list that
 * already has a later state of an alert is not changed.
 */
export function showDecided(queries: QueryClient, alerts: readonly Alert[]): void {
  if (alerts.length === 0) return;
  const byId = new Map(alerts.map((alert) => [alert.alertId, alert]));
  const queryKey = createConnectQueryKey({ schema: AlertService.method.listAlerts, cardinality: undefined });
  const patched = (page: ListAlertsResponse): ListAlertsResponse => {
    if (!page.alerts.some(({ alertId }) => byId.has(alertId))) return page;
    return {
      ...page,
      alerts: page.alerts.map((one) => {
        const alert = byId.get(one.alertId);
        return alert && !isLater(one, alert) ? alert : one;
      }),
    };
  };
  const patch = () =>
    queries.setQueriesData<ListAlertsResponse | InfiniteData<ListAlertsResponse>>({ queryKey }, (data) => {
      if (!data) return undefined;
      return "pages" in data ? { ...data, pages: data.pages.map(patched) } : patched(data);
    });
  patch();
  afterLoads(queries, queryKey, patch);
  // The page does not wait for this read.
  void refreshDetails(queries);
}

/**
 * Calls `patch` after each load of a list that is in progress now: the server may have read it before the
 * decision.
 */
function afterLoads(queries: QueryClient, queryKey: QueryKey, patch: () => void): void {
  const cache = queries.getQueryCache();
  const loading = new Set(cache.findAll({ queryKey, fetchStatus: "fetching" }));
  if (loading.size === 0) return;
  const stop = cache.subscribe(({ query, type }) => {
    const isOver = type === "removed" || query.state.fetchStatus !== "fetching";
    if (!isOver || !loading.delete(query)) return;
    if (loading.size === 0) stop();
    patch();
  });
}
