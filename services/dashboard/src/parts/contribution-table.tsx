import type { Contribution } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { featureText, signedText, valueText } from "./format.ts";
import { Wide } from "./wide.tsx";

/** All contributions as numbers, in the order given. */
export function ContributionTable({ contributions }: { contributions: readonly Contribution[] }) {
  return (
    <details>
      <summary>All {contributions.length} contributions as a table</summary>
      <Wide label="Contributions">
        <table>
          <thead>
            <tr>
              <th scope="col">Feature</th>
              <th scope="col">Value</th>
              <th scope="col">Contribution</th>
            </tr>
          </thead>
          <tbody>
            {contributions.map(({ feature, value, category, contribution }) => (
              <tr key={feature}>
                <th scope="row">{featureText(feature)}</th>
                <td>{category || (value === undefined ? "–" : valueText(value))}</td>
                <td className="number">{signedText(contribution, 4)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </details>
  );
}
