import { bandFromNumber } from "@bellwether/contract/band-codes";
import {
  CounterfactualOutcome,
  type CounterfactualResponse,
  FixedReason,
  UndecidedReason,
} from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import { changeText, counterfactualSummary } from "@bellwether/reasons/counterfactual-text";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type { CounterfactualAnswer } from "@bellwether/scoring/counterfactual/find-counterfactuals";

/** The answer of a search as `counterfactual --json` prints it. */
export interface CounterfactualJson {
  readonly supplier_id: string;
  /** Week of a stored score. Unset: the features were given. */
  readonly iso_week?: string;
  /** "found", "none-within-limits", "not-decided" or "already-below". */
  readonly outcome: string;
  readonly summary: string;
  readonly risk_score: number | null;
  readonly band: string;
  readonly target_band: string;
  /** About the supplier as it is, for example a category that the model does not know. */
  readonly warnings: readonly string[];
  readonly counterfactuals: readonly {
    readonly cost: number;
    readonly risk_score: number | null;
    readonly band: string;
    readonly changes: readonly {
      readonly feature: string;
      readonly present: number | string;
      readonly new: number | string;
      readonly unit: string;
      readonly cost: number;
      readonly text: string;
    }[];
    /** About the changed supplier, for example a value outside the training range. */
    readonly warnings: readonly string[];
  }[];
  readonly fixed_features: readonly { readonly feature: string; readonly reason: string }[];
  /** Null unless the outcome is "not-decided". */
  readonly undecided_reason: string | null;
  readonly model_version: string;
}

/** Returns the answer of a search with a local model. */
export function jsonFromAnswer(
  supplierId: string,
  answer: CounterfactualAnswer,
  maxChanges: number,
  { features }: Pick<FeatureBundle, "features">,
): CounterfactualJson {
  const { outcome, undecided, score, targetBand, counterfactuals, fixed } = answer;
  const isFixed = new Set(fixed.map(({ feature }) => feature));
  const isAnyChangeable = features.some(({ name }) => !isFixed.has(name));
  const shown = { outcome, undecided, targetBand, maxChanges, counterfactuals, isAnyChangeable, band: score.band };
  return {
    ...{ supplier_id: supplierId, outcome, summary: counterfactualSummary(shown) },
    ...{ risk_score: score.riskScore, band: score.band, target_band: targetBand },
    warnings: score.warnings.map(({ message }) => message),
    counterfactuals: counterfactuals.map(({ changes, cost, score: changed }) => ({
      ...{ cost, risk_score: changed.riskScore, band: changed.band },
      changes: changes.map((change) => ({
        ...{ feature: change.feature, present: change.from, new: change.to, unit: change.unit, cost: change.cost },
        text: changeText(change),
      })),
      warnings: changed.warnings.map(({ message }) => message),
    })),
    fixed_features: [...fixed],
    undecided_reason: undecided,
    model_version: score.model.version,
  };
}

/** Returns the answer of a service. */
export function jsonFromResponse(supplierId: string, response: CounterfactualResponse): CounterfactualJson {
  const { outcome, score, targetBand, counterfactuals, fixedFeatures, undecidedReason, summary } = response;
  return {
    ...{ supplier_id: supplierId, outcome: nameOf(CounterfactualOutcome, outcome), summary },
    risk_score: score?.riskScore ?? null,
    band: bandFromNumber(score?.band ?? 0) ?? "unknown",
    target_band: bandFromNumber(targetBand) ?? "unknown",
    warnings: (score?.warnings ?? []).map(({ message }) => message),
    counterfactuals: counterfactuals.map(({ changes, cost, score: changed }) => ({
      ...{ cost, risk_score: changed?.riskScore ?? null, band: bandFromNumber(changed?.band ?? 0) ?? "unknown" },
      changes: changes.map((change) => ({
        feature: change.feature,
        present: change.presentValue ?? change.presentCategory,
        new: change.newValue ?? change.newCategory,
        ...{ unit: change.unit, cost: change.cost, text: change.text },
      })),
      warnings: (changed?.warnings ?? []).map(({ message }) => message),
    })),
    fixed_features: fixedFeatures.map(({ feature, reason }) => ({ feature, reason: nameOf(FixedReason, reason) })),
    undecided_reason: undecidedReason === UndecidedReason.UNSPECIFIED ? null : nameOf(UndecidedReason, undecidedReason),
    model_version: score?.model?.version ?? "",
  };
}

/** Returns the name of an enum's number as the local answers write it: "none-within-limits". */
function nameOf(names: Readonly<Record<string, number>>, number: number): string {
  const [name] = Object.entries(names).find(([, known]) => known === number) ?? [String(number)];
  return name.toLowerCase().replaceAll("_", "-");
}
