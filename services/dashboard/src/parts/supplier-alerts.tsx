import { type Alert, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useEffect, useRef } from "react";
import { ACTIVE_ALERTS } from "../routing/inbox-view.ts";
import { hrefOf } from "../routing/route.ts";
import { AlertStateText, SeverityBadge } from "./badges.tsx";
import { dateText } from "./format.ts";
import { Name } from "./name.tsx";

interface SupplierAlertsProps {
  readonly alerts: readonly Alert[];
  /** The alert that is scrolled to. Empty: none. */
  readonly alertId: string;
}

/** The alerts of one supplier by all models, including resolved ones, each with a link to its panel in the inbox. */
export function SupplierAlerts({ alerts, alertId }: SupplierAlertsProps) {
  if (alerts.length === 0) return <p className="quiet">No rule has raised an alert about this supplier.</p>;
  return (
    <ul className="cases">
      {alerts.map((alert) => (
        <Case key={alert.alertId} alert={alert} isLedTo={alert.alertId === alertId} />
      ))}
    </ul>
  );
}

function Case({ alert, isLedTo }: { alert: Alert; isLedTo: boolean }) {
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isLedTo) item.current?.focus();
  }, [isLedTo]);
  const { alertId, state } = alert;
  return (
    <li ref={item} tabIndex={-1} data-row={alertId}>
      <div className="case-head">
        <SeverityBadge severity={alert.severity} />
        <span>
          <AlertStateText alert={alert} />
        </span>
        <span className="actions">
          <a href={hrefOf({ page: "alerts", view: ACTIVE_ALERTS, alertId })}>
            {state === AlertState.RESOLVED ? "Open in the inbox" : "Decide in the inbox"}
          </a>
        </span>
      </div>
      <p>{visibleText(alert.summary)}</p>
      <p className="quiet">
        {alert.ruleId}, {alert.modelName} {alert.modelVersion}, {alert.lastWeek}, raised {dateText(alert.raisedAt)}
        {alert.owner && (
          <>
            , owner <Name>{alert.owner}</Name>
          </>
        )}
      </p>
    </li>
  );
}
