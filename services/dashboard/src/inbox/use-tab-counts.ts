import { AlertService, AlertTab, type AlertTabCounts } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { useQuery } from "@connectrpc/connect-query";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { ACTIVE_ALERTS, type InboxView, listRequestOf } from "../routing/inbox-view.ts";
import { useAlertChanges } from "../rpc/alert-changes.ts";
import { oneAtATime } from "../rpc/one-at-a-time.ts";

/** Shortest time between two loads of the counts: many changes at once are one load. */
const PAUSE_MS = 1_000;

/**
 * Returns the number of alerts of each tab under the other conditions of a view. They are loaded again after
 * changes, also those of the reader. Undefined: not loaded yet.
 * @param decided increases with each decision of the reader
 */
export function useTabCounts(view: InboxView, decided: number): AlertTabCounts | undefined {
  const changes = useAlertChanges();
  const position = useSyncExternalStore(changes.subscribe, changes.position);
  const { trend, ownership, order } = ACTIVE_ALERTS;
  const request = listRequestOf({ ...view, tab: AlertTab.UNSPECIFIED, states: [], trend, ownership, order });
  const { data, refetch } = useQuery(AlertService.method.listAlerts, { ...request, pageSize: 1 });
  const load = useMemo(
    () =>
      oneAtATime(async () => {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        await refetch();
      }),
    [refetch],
  );
  useEffect(() => {
    if (position > 0 || decided > 0) load();
  }, [position, decided, load]);
  return data?.tabCounts;
}
