import type { FeatureDrift } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { featureText } from "./format.ts";

/** A population stability index above this value is commonly called a shift of the feature. */
const SHIFTED_PSI = 0.25;
const SHOWN = 10;

/** The features with the largest drift since the previous week. */
export function DriftTable({ drift, complete }: { drift: readonly FeatureDrift[]; complete: boolean }) {
  if (drift.length === 0) {
    return (
      <p className="quiet">
        {complete ? "There is no earlier week to compare with." : "Drift is shown when the run is complete."}
      </p>
    );
  }
  const shifted = drift.filter(({ psi }) => psi > SHIFTED_PSI).length;
  return (
    <>
      <p className="quiet">
        {shifted === 0
          ? "No feature has shifted."
          : `Shifted (above ${SHIFTED_PSI}): ${shifted} of ${drift.length}. Check how these features are measured before you trust the scores.`}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col">Population stability index</th>
          </tr>
        </thead>
        <tbody>
          {drift.slice(0, SHOWN).map(({ feature, psi }) => (
            <tr key={feature}>
              <th scope="row">{featureText(feature)}</th>
              <td className="number">{psi.toFixed(3)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
