import { type Alert, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { EVENT_WORDS, wordOf } from "../words.ts";
import { AlertActions } from "./alert-actions.tsx";
import { AlertStateText, SeverityBadge } from "./badges.tsx";
import { agoText } from "./format.ts";
import { Failure, Loading } from "./notice.tsx";

/** One supplier's alerts, resolved ones too, each with its history. */
export function SupplierAlerts({ supplierId }: { supplierId: string }) {
  const [done, setDone] = useState("");
  const states = [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.RESOLVED];
  const list = useQuery(AlertService.method.listAlerts, { supplierId, states });
  if (list.isPending) return <Loading what="alerts" />;
  if (!list.data) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  return (
    <>
      <p className="done" role="status">
        {done}
      </p>
      {list.data.alerts.length === 0 && <p className="quiet">No rule has raised an alert about this supplier.</p>}
      <ul className="cases">
        {list.data.alerts.map((alert) => (
          <li key={alert.alertId}>
            <div className="case-head">
              <SeverityBadge severity={alert.severity} />
              <span>
                <AlertStateText alert={alert} />
              </span>
              <span className="actions">
                <AlertActions alert={alert} onDone={setDone} />
              </span>
            </div>
            <p>{alert.summary}</p>
            <AlertHistory alert={alert} />
          </li>
        ))}
      </ul>
    </>
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
          {event.note && <small>{event.note}</small>}
        </li>
      ))}
    </ol>
  );
}
