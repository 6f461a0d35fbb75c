import { type Alert, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { callUnaryMethod, useQuery, useTransport } from "@connectrpc/connect-query";
import { useEffect, useRef, useState } from "react";
import { AlertActions } from "./alert-actions.tsx";
import { AlertStateText, SeverityBadge } from "./badges.tsx";
import { agoText } from "./format.ts";
import { ListStatus } from "./list-status.tsx";
import { isFocusLost } from "./next-control.ts";
import { Failure, Loading } from "./notice.tsx";
import { PEEK_SIZE, useHeldList } from "./use-held-list.ts";
import { EVENT_WORDS, wordOf } from "./words.ts";

interface SupplierAlertsProps {
  readonly supplierId: string;
  /** The alert that is scrolled to. Empty: none. */
  readonly alertId: string;
}

const STATES = [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.IN_MITIGATION, AlertState.RESOLVED];

/**
 * The alerts of one supplier by all models, including resolved ones, each with its history. Their order does
 * not change.
 */
export function SupplierAlerts({ supplierId, alertId }: SupplierAlertsProps) {
  const [done, setDone] = useState("");
  const transport = useTransport();
  const request = { supplierId, states: STATES };
  const list = useQuery(AlertService.method.listAlerts, request, { staleTime: Number.POSITIVE_INFINITY });
  const { container, changes, isMore, show, onKeyDown } = useHeldList<HTMLDivElement>({
    name: `supplier/${supplierId}`,
    shown: list.data?.alerts,
    belongs: (alert) => alert.supplierId === supplierId,
    reload: async () => (await list.refetch()).isSuccess,
    peek: () => callUnaryMethod(transport, AlertService.method.listAlerts, { ...request, pageSize: PEEK_SIZE }),
  });
  if (list.isPending) return <Loading what="alerts" />;
  if (!list.data) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  const { alerts } = list.data;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut while one of the controls inside has the focus
    <div ref={container} onKeyDown={onKeyDown}>
      <ListStatus done={done} changes={changes} isMore={isMore} onShow={() => void show()} />
      {alerts.length === 0 && <p className="quiet">No rule has raised an alert about this supplier.</p>}
      <ul className="cases">
        {alerts.map((alert) => (
          <Case key={alert.alertId} alert={alert} isLedTo={alert.alertId === alertId} onDone={setDone} />
        ))}
      </ul>
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
    </div>
  );
}

function Case({ alert, isLedTo, onDone }: { alert: Alert; isLedTo: boolean; onDone: (words: string) => void }) {
  const item = useRef<HTMLLIElement>(null);
  const isResolved = alert.state === AlertState.RESOLVED;
  const wasResolved = useRef(isResolved);
  useEffect(() => {
    if (isLedTo) item.current?.focus();
  }, [isLedTo]);
  useEffect(() => {
    // The buttons were removed after the decision. The focus moves to the alert.
    if (isResolved && !wasResolved.current && isFocusLost()) item.current?.focus({ preventScroll: true });
    wasResolved.current = isResolved;
  }, [isResolved]);
  return (
    <li ref={item} tabIndex={-1} data-row={alert.alertId}>
      <div className="case-head">
        <SeverityBadge severity={alert.severity} />
        <span>
          <AlertStateText alert={alert} />
        </span>
        <span className="actions">
          <AlertActions alert={alert} onDone={onDone} />
        </span>
      </div>
      <p>{alert.summary}</p>
      {alert.reasons.length > 0 && <p>{alert.reasons.map(({ text }) => text).join(", ")}</p>}
      <p className="quiet">
        {alert.ruleId}, {alert.modelName} {alert.modelVersion}, {alert.lastWeek}
      </p>
      <AlertHistory alert={alert} />
    </li>
  );
}

function AlertHistory({ alert }: { alert: Alert }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>History</summary>
      {open && <AlertEvents alertId={alert.alertId} />}
    </details>
  );
}

function AlertEvents({ alertId }: { alertId: string }) {
  const got = useQuery(AlertService.method.getAlert, { alertId });
  if (got.isPending) return <Loading what="history" />;
  if (!got.data) return <Failure error={got.error} onRetry={() => void got.refetch()} />;
  const nowMs = Date.now();
  return (
    <ol className="events">
      {got.data.events.map((event) => (
        <li key={`${event.kind}/${event.occurredAt ? timestampMs(event.occurredAt) : ""}`}>
          {wordOf(EVENT_WORDS, event.kind)} by {event.actor}, {agoText(event.occurredAt, nowMs)}
          {event.detail && <small>{event.detail}</small>}
          {event.note && <small>{event.note}</small>}
        </li>
      ))}
    </ol>
  );
}
