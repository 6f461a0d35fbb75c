import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  AlertService,
  type ListAlertsResponse,
  type WatchAlertsResponse,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { type InfiniteData, type QueryClient, type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type AlertChanges, changedMs } from "./alert-changes.ts";
import { followStream, pause } from "./follow-stream.ts";
import { CONNECTING, type Live } from "./live.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { WITHOUT_DEADLINE } from "./transport.ts";

/**
 * Watches alerts while the page is shown. Lists count the changes through `changes`; single alerts and
 * suppliers are loaded again. Returns whether changes arrive: every message shows it, a heartbeat too.
 */
export function useAlertWatch(changes: AlertChanges): Live {
  const transport = useTransport();
  const queries = useQueryClient();
  const [live, setLive] = useState<Live>(CONNECTING);
  useEffect(() => {
    const client = createClient(AlertService, transport);
    const refresh = oneAtATime(() => refreshDetails(queries));
    let stop = new AbortController();
    let heardAt: Date | undefined;
    const follow = (): void => {
      stop = new AbortController();
      void followStream({
        open: (signal) => client.watchAlerts({}, { signal, ...WITHOUT_DEADLINE }),
        onMessage: (change, isFirst) => {
          heardAt = new Date();
          if (!saysChange(change, isFirst)) return;
          if (isFirst) changes.addGap();
          if (change.alerts.length > 0) changes.add(change.alerts, change.truncated);
          refresh();
        },
        onLive: (isLive) => {
          setLive({ state: isLive ? "live" : "lost", lastHeardAt: heardAt, offline: false });
          if (isLive) void queries.refetchQueries({ predicate: ({ state }) => state.status === "error" });
        },
        wait: pause,
        signal: stop.signal,
      });
    };
    const leaveNetwork = (): void => {
      stop.abort();
      setLive({ state: "lost", lastHeardAt: heardAt, offline: true });
    };
    const returnToNetwork = (): void => {
      stop.abort();
      setLive((before) => ({ ...before, offline: false }));
      follow();
    };
    window.addEventListener("offline", leaveNetwork);
    window.addEventListener("online", returnToNetwork);
    if (navigator.onLine) follow();
    else leaveNetwork();
    return () => {
      window.removeEventListener("offline", leaveNetwork);
      window.removeEventListener("online", returnToNetwork);
      stop.abort();
    };
  }, [transport, queries, changes]);
  return live;
}

/**
 * Whether alerts may have changed, according to a message of the watch stream. The first message after the
 * stream is opened contains no alerts, but alerts may have changed while the stream was not open. A later
 * message without alerts is a heartbeat that only keeps the connection open.
 */
export function saysChange({ alerts }: Pick<WatchAlertsResponse, "alerts">, isFirst: boolean): boolean {
  return isFirst || alerts.length > 0;
}

/**
 * Loads again the single alerts and suppliers that the page shows. Lists keep their rows. Queries that are
 * not shown are loaded when they are shown.
 */
async function refreshDetails(queries: QueryClient): Promise<void> {
  const keys = [
    createConnectQueryKey({ schema: AlertService.method.getAlert, cardinality: undefined }),
    createConnectQueryKey({ schema: SupplierService.method.getSupplier, cardinality: undefined }),
  ];
  const suppliers = createConnectQueryKey({ schema: SupplierService.method.listSuppliers, cardinality: undefined });
  await Promise.all([
    ...keys.map((queryKey) => queries.invalidateQueries({ queryKey })),
    queries.invalidateQueries({ queryKey: suppliers, refetchType: "none" }),
  ]);
}

/**
 * Replaces an alert by its new state in every list that contains it, without moving it. A list that already
 * has a later state of the alert is not changed.
 */
export async function showDecided(queries: QueryClient, alert: Alert): Promise<void> {
  const queryKey = createConnectQueryKey({ schema: AlertService.method.listAlerts, cardinality: undefined });
  const patched = (page: ListAlertsResponse): ListAlertsResponse => ({
    ...page,
    alerts: page.alerts.map((one) =>
      one.alertId === alert.alertId && changedMs(one) <= changedMs(alert) ? alert : one,
    ),
  });
  const patch = () =>
    queries.setQueriesData<ListAlertsResponse | InfiniteData<ListAlertsResponse>>({ queryKey }, (data) => {
      if (!data) return undefined;
      return "pages" in data ? { ...data, pages: data.pages.map(patched) } : patched(data);
    });
  patch();
  afterLoads(queries, queryKey, patch);
  await refreshDetails(queries);
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
