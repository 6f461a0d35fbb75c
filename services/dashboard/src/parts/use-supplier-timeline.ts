import { type Alert, type AlertEvent, AlertEventKind, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { createQueryOptions, useQuery, useTransport } from "@connectrpc/connect-query";
import { useQueries } from "@tanstack/react-query";

const STATES = [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.IN_MITIGATION, AlertState.RESOLVED];
/** Maximum number of alerts whose history is loaded. Older ones are in the list of alerts. */
const MAX_HISTORIES = 10;

/** Loads the alerts of a supplier by all models, and their histories as one, newest entry first. */
export function useSupplierTimeline(supplierId: string) {
  const transport = useTransport();
  const list = useQuery(AlertService.method.listAlerts, { supplierId, states: STATES });
  const alerts: readonly Alert[] = list.data?.alerts ?? [];
  const histories = useQueries({
    queries: alerts
      .slice(0, MAX_HISTORIES)
      .map(({ alertId }) => createQueryOptions(AlertService.method.getAlert, { alertId }, { transport })),
  });
  const events = histories.flatMap(({ data }) => data?.events ?? []).toSorted((a, b) => timeOf(b) - timeOf(a));
  return { list, alerts, events, isPartial: alerts.length > MAX_HISTORIES || histories.some(({ isError }) => isError) };
}

const timeOf = ({ occurredAt }: AlertEvent): number => (occurredAt ? timestampMs(occurredAt) : 0);

/** The changes that a person made, without comments. */
const DECISIONS = new Set<AlertEventKind>([
  AlertEventKind.ACKNOWLEDGED,
  AlertEventKind.RESOLVED,
  AlertEventKind.MITIGATION_STARTED,
  AlertEventKind.SNOOZED,
  AlertEventKind.OVERRIDDEN,
  AlertEventKind.REOPENED,
]);

/** Whether an entry of a history is a decision of a person. */
export const isDecision = ({ kind, actor }: AlertEvent): boolean => DECISIONS.has(kind) && actor !== "rules";
