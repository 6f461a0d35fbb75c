import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useEffect, useState } from "react";
import { flushSync } from "react-dom";
import { AlertStateText } from "../parts/badges.tsx";
import { countText, moneyText, scoreText, signedText } from "../parts/format.ts";
import { Name } from "../parts/name.tsx";
import { reasonChangeText } from "../parts/reason-change.ts";
import { SEVERITY_WORDS, wordOf } from "../parts/words.ts";

/** Maximum number of alerts on paper. An export has all. */
const MAX_PRINTED = 500;

/** The loaded alerts as a table, only while the page is printed: the list has only the rows in view. */
export function PrintedAlerts({ alerts }: { alerts: readonly Alert[] }) {
  const [isPrinting, setPrinting] = useState(false);
  useEffect(() => {
    const begin = (): void => flushSync(() => setPrinting(true));
    const end = (): void => setPrinting(false);
    window.addEventListener("beforeprint", begin);
    window.addEventListener("afterprint", end);
    return () => {
      window.removeEventListener("beforeprint", begin);
      window.removeEventListener("afterprint", end);
    };
  }, []);
  if (!isPrinting) return null;
  const printed = alerts.slice(0, MAX_PRINTED);
  return (
    <div className="printed">
      <table>
        <thead>
          <tr>
            {["Supplier", "Severity", "Score", "Expected impact", "Main reasons", "Owner", "State"].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {printed.map((alert) => (
            <tr key={alert.alertId}>
              <th scope="row">
                <Name>{alert.supplierName || alert.supplierId}</Name>
              </th>
              <td>{wordOf(SEVERITY_WORDS, alert.severity)}</td>
              <td>
                {scoreText(alert.riskScore)} {alert.scoreChange !== undefined && signedText(alert.scoreChange)}
              </td>
              <td>{moneyText(alert.expectedImpact, alert.currency)}</td>
              <td>{visibleText(alert.reasons.map((reason) => reasonChangeText(reason)).join("; "))}</td>
              <td>{visibleText(alert.owner)}</td>
              <td>
                <AlertStateText alert={alert} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {alerts.length > MAX_PRINTED && <p>{`Only the first ${countText(MAX_PRINTED)} alerts are printed.`}</p>}
    </div>
  );
}
