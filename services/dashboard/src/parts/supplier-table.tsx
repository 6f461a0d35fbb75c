import type { Supplier } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { hrefOf } from "../routing/route.ts";
import { BandBadge } from "./badges.tsx";
import { moneyText, signedText } from "./format.ts";
import { Name } from "./name.tsx";
import { reasonChangeText } from "./reason-change.ts";
import { ScoreMeter } from "./score-meter.tsx";
import { completenessText } from "./score-reasons.ts";
import { Wide } from "./wide.tsx";

/** Number of reasons that a row names. */
const REASONS = 3;

interface SupplierTableProps {
  readonly suppliers: readonly Supplier[];
  /** Name of the model of the scores. */
  readonly modelName: string;
  /** Currency of the expected impacts. */
  readonly currency: string;
}

/** A table of suppliers with their latest scores, in the given order. */
export function SupplierTable({ suppliers, modelName, currency }: SupplierTableProps) {
  return (
    <Wide label="Suppliers">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Supplier</th>
            <th scope="col">Band</th>
            <th scope="col">Score</th>
            <th scope="col">Change</th>
            <th scope="col">Expected impact</th>
            <th scope="col">Alerts</th>
            <th scope="col">Main reasons</th>
          </tr>
        </thead>
        <tbody>
          {suppliers.map(({ supplierId, name, latestScore, activeAlerts }) => (
            <tr key={supplierId}>
              <th scope="row">
                <a href={hrefOf({ page: "supplier", supplierId, modelName })} data-keep={`supplier/${supplierId}`}>
                  <Name>{name || supplierId}</Name>
                </a>
                {name && (
                  <small>
                    <Name>{supplierId}</Name>
                  </small>
                )}
              </th>
              <td>{latestScore && <BandBadge band={latestScore.band} />}</td>
              <td>
                <ScoreMeter score={latestScore?.riskScore} />
              </td>
              <td className="number labelled" data-label="Change">
                {latestScore?.change === undefined ? "–" : signedText(latestScore.change)}
              </td>
              <td className="number labelled" data-label="Expected impact">
                {moneyText(latestScore?.impact, currency)}
              </td>
              <td className="number labelled" data-label="Alerts">
                {activeAlerts || "–"}
              </td>
              <td className="why">
                {latestScore?.reasons
                  .slice(0, REASONS)
                  .map((reason) => visibleText(reasonChangeText(reason)))
                  .join(", ")}
                {latestScore && completenessText(latestScore) && <small>{completenessText(latestScore)}</small>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
