import { type Alert, type AlertEvent, AlertEventKind, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { createQueryOptions, useQuery, useTransport } from "@connectrpc/connect-query";
import { keepPreviousData, useQueryClient, useQuery as useQueryOf } from "@tanstack/react-query";
import { FOLLOWS_ALERTS } from "../rpc/show-decided.ts";

const STATES = [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.IN_MITIGATION, AlertState.RESOLVED];
/** Maximum number of alerts whose history is loaded. Older ones are in the list of alerts. */
const MAX_HISTORIES = 10;

/** Loads the alerts of a supplier by all models, and their histories as one, newest entry first. */
export function useSupplierTimeline(supplierId: string) {
  const transport = useTransport();
  const queries = useQueryClient();
  const list = useQuery(AlertService.method.listAlerts, { supplierId, states: STATES });
  const alerts: readonly Alert[] = list.data?.alerts ?? [];
  const ids = alerts.slice(0, MAX_HISTORIES).map(({ alertId }) => alertId);
  const { data: histories = [] } = useQueryOf({
    queryKey: ["histories", ...ids],
    queryFn: () =>
      Promise.allSettled(
        ids.map((alertId) =>
          queries.fetchQuery(createQueryOptions(AlertService.method.getAlert, { alertId }, { transport })),
        ),
      ),
    placeholderData: keepPreviousData,
    meta: FOLLOWS_ALERTS,
  });
  const events = histories
    .flatMap((history) => (history.status === "fulfilled" ? history.value.events : []))
    .toSorted((a, b) => timeOf(b) - timeOf(a));
  const isPartial = alerts.length > MAX_HISTORIES || histories.some(({ status }) => status === "rejected");
  return { list, alerts, events, isPartial };
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
