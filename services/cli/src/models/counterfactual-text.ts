import { printable } from "../output/printable.ts";
import type { CounterfactualJson } from "./counterfactual-json.ts";

const scoreText = ({ risk_score: score, band }: Pick<CounterfactualJson, "risk_score" | "band">): string =>
  `${score?.toFixed(4) ?? "no score"} (${band})`;

/** Returns the answer of a search in lines for people. */
export function counterfactualLines(answer: CounterfactualJson): string[] {
  const reasons = [...new Set(answer.fixed_features.map(({ reason }) => reason))];
  return [
    `${answer.supplier_id}${answer.iso_week === undefined ? "" : ` in ${answer.iso_week}`}: ${scoreText(answer)}, model ${answer.model_version}`,
    answer.summary,
    ...answer.warnings.map((warning) => `warning: ${warning}`),
    ...answer.counterfactuals.flatMap((counterfactual, i) => [
      `${i + 1}. ${scoreText(counterfactual)}, cost ${Number(counterfactual.cost.toPrecision(3))}`,
      ...counterfactual.changes.map(({ text }) => `   ${text}`),
      ...counterfactual.warnings
        .filter((warning) => !answer.warnings.includes(warning))
        .map((warning) => `   warning: ${warning}`),
    ]),
    ...reasons.map((reason) => {
      const names = answer.fixed_features.filter((fixed) => fixed.reason === reason).map(({ feature }) => feature);
      return `not changed (${reason}): ${names.join(", ")}`;
    }),
  ].map(printable);
}
