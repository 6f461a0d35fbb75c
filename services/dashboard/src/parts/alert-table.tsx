import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { useEffect, useRef } from "react";
import { hrefOf } from "../routing/route.ts";
import { AlertActions } from "./alert-actions.tsx";
import { AlertStateText, SeverityBadge } from "./badges.tsx";
import { agoText } from "./format.ts";
import { isFocusLost, nextControl } from "./next-control.ts";
import { ScoreMeter } from "./score-meter.tsx";
import { Wide } from "./wide.tsx";

interface AlertTableProps {
  readonly alerts: readonly Alert[];
  /**
   * Whether an alert still belongs to the list. If it does not, an empty row keeps its space, so that no
   * other row moves.
   */
  readonly belongs: (alert: Alert) => boolean;
  readonly onDone: (words: string) => void;
  /** Returns the address of the same list with the alerts of one model only. */
  readonly hrefOfModel: (modelName: string) => string;
}

/** A table of alerts in the given order, each with its actions. */
export function AlertTable({ alerts, belongs, onDone, hrefOfModel }: AlertTableProps) {
  const nowMs = Date.now();
  const heights = useRef(new Map<string, number>());
  return (
    <Wide label="Alerts">
      <table className="stacks alerts">
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
          {alerts.map((alert) =>
            belongs(alert) ? (
              <tr
                key={alert.alertId}
                data-row={alert.alertId}
                ref={(row) => {
                  if (row) heights.current.set(alert.alertId, row.getBoundingClientRect().height);
                }}
              >
                <th scope="row">
                  <a
                    href={hrefOf({ page: "supplier", supplierId: alert.supplierId, modelName: alert.modelName })}
                    data-keep={`supplier/${alert.alertId}`}
                  >
                    {alert.supplierName || alert.supplierId}
                  </a>
                  <small>
                    {alert.supplierName && `${alert.supplierId}, `}
                    <a href={hrefOfModel(alert.modelName)}>{alert.modelName}</a>
                  </small>
                </th>
                <td>
                  <SeverityBadge severity={alert.severity} />
                </td>
                <td>
                  <ScoreMeter score={alert.riskScore} />
                </td>
                <td className="why">
                  {alert.summary}
                  {alert.reasons.length > 0 && <small>{alert.reasons.map(({ text }) => text).join(", ")}</small>}
                </td>
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
            ) : (
              <GoneRow key={alert.alertId} alert={alert} heightPx={heights.current.get(alert.alertId)} />
            ),
          )}
        </tbody>
      </table>
    </Wide>
  );
}

/**
 * An empty row that keeps the space of a row. `heightPx`: the height of the row that it replaces. Undefined:
 * it replaces none.
 */
function GoneRow({ alert, heightPx }: { alert: Alert; heightPx: number | undefined }) {
  const row = useRef<HTMLTableRowElement>(null);
  const replaces = heightPx !== undefined;
  useEffect(() => {
    if (replaces && row.current && isFocusLost()) nextControl(row.current)?.focus({ preventScroll: true });
  }, [replaces]);
  return (
    <tr ref={row} className="gone" data-row={alert.alertId} style={{ height: heightPx }}>
      <td colSpan={COLUMNS}>
        {alert.supplierId}: <AlertStateText alert={alert} />
      </td>
    </tr>
  );
}

const COLUMNS = 7;
