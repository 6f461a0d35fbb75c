import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { hrefOf } from "../route.ts";
import { AlertActions } from "./alert-actions.tsx";
import { AlertStateText, SeverityBadge } from "./badges.tsx";
import { agoText } from "./format.ts";
import { ScoreMeter } from "./score-meter.tsx";
import { Wide } from "./wide.tsx";

/** Alerts in the order given, each with what can be done about it. */
export function AlertTable({ alerts, onDone }: { alerts: readonly Alert[]; onDone: (words: string) => void }) {
  const nowMs = Date.now();
  return (
    <Wide label="Alerts">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Supplier</th>
            <th scope="col">Severity</th>
            <th scope="col">Score</th>
            <th scope="col">Why</th>
            <th scope="col">State</th>
            <th scope="col">Changed</th>
            <th scope="col">
              <span className="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {alerts.map((alert) => (
            <tr key={alert.alertId}>
              <th scope="row">
                <a href={hrefOf({ page: "supplier", supplierId: alert.supplierId })}>
                  {alert.supplierName || alert.supplierId}
                </a>
                {alert.supplierName && <small>{alert.supplierId}</small>}
              </th>
              <td>
                <SeverityBadge severity={alert.severity} />
              </td>
              <td>
                <ScoreMeter score={alert.riskScore} />
              </td>
              <td className="why">{alert.summary}</td>
              <td>
                <AlertStateText alert={alert} />
              </td>
              <td className="when">
                {agoText(alert.changedAt, nowMs)}
                <small>
                  {alert.lastWeek} {alert.modelVersion}
                </small>
              </td>
              <td className="actions">
                <AlertActions alert={alert} onDone={onDone} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
