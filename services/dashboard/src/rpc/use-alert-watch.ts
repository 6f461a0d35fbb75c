import { AlertService, type WatchAlertsResponse } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { followStream, pause } from "./follow-stream.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { WITHOUT_DEADLINE } from "./transport.ts";

/** Keeps everything about alerts on the page fresh while it is shown. Says whether changes arrive; undefined before the first try. */
export function useAlertWatch(): boolean | undefined {
  const transport = useTransport();
  const queries = useQueryClient();
  const [live, setLive] = useState<boolean>();
  useEffect(() => {
    const stop = new AbortController();
    const client = createClient(AlertService, transport);
    const refresh = oneAtATime(() => refreshAlerts(queries));
    void followStream({
      open: (signal) => client.watchAlerts({}, { signal, ...WITHOUT_DEADLINE }),
      onMessage: (change, isFirst) => {
        if (saysChange(change, isFirst)) refresh();
      },
      onLive: setLive,
      wait: pause,
      signal: stop.signal,
    });
    return () => stop.abort();
  }, [transport, queries]);
  return live;
}

/**
 * Whether there is something to read again. The first message of an opening has no alerts, but the list may have changed while nobody
 * watched; a later one without alerts says only that the stream lives.
 */
export function saysChange({ alerts }: Pick<WatchAlertsResponse, "alerts">, isFirst: boolean): boolean {
  return isFirst || alerts.length > 0;
}

/** Reads again what the page shows of alerts, and the suppliers' counts of them. */
export async function refreshAlerts(queries: QueryClient): Promise<void> {
  await Promise.all(
    [AlertService, SupplierService].map((schema) =>
      queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema, cardinality: undefined }) }),
    ),
  );
}
