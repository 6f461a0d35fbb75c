import type { Contribution } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { countOf, featureText, signedText } from "./format.ts";
import { type ContributionLine, contributionLines } from "./score-reasons.ts";
import { Wide } from "./wide.tsx";

/**
 * All contributions as numbers, largest magnitude first. The words of the contract are one row that can be
 * expanded.
 */
export function ContributionTable({ contributions }: { contributions: readonly Contribution[] }) {
  return (
    <details>
      <summary>All {contributions.length} effects as a table</summary>
      <Wide label="Effects">
        <table>
          <thead>
            <tr>
              <th scope="col">Feature</th>
              <th scope="col">Value</th>
              <th scope="col">Effect</th>
            </tr>
          </thead>
          <tbody>
            {contributionLines(contributions).map((line) => (
              <tr key={line.feature}>
                <th scope="row">{featureText(line.feature)}</th>
                <td>{line.words.length > 0 ? <Words line={line} /> : line.seen || "–"}</td>
                <td className="number">{signedText(line.contribution, 4)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </details>
  );
}

function Words({ line: { words } }: { line: ContributionLine }) {
  return (
    <details>
      <summary>{countOf(words.length, "word")}</summary>
      {words.map(({ word, contribution }) => `“${word}” ${signedText(contribution, 4)}`).join(", ")}
    </details>
  );
}
