import type { PromotionPolicy } from "@bellwether/config/promotion-policy";
import { calibrationErrorFigure } from "@bellwether/drift/quality/calibration-error";
import { estimateOf } from "@bellwether/drift/quality/estimate";
import {
  aucFigure,
  averagePrecisionFigure,
  brierFigure,
  differenceFigure,
  type Figure,
} from "@bellwether/drift/quality/figure";
import type { LabelledRows } from "@bellwether/drift/quality/labelled-rows";
import { rankRows } from "@bellwether/drift/quality/ranking";
import { checkOf, type GateCheck, type GateCheckName, intervalText, signed } from "./gate-check.ts";
import type { LabelledPair } from "./labelled-pair.ts";

/** A figure of the quality, and the limit of its difference. */
interface QualityRule {
  readonly name: Extract<GateCheckName, "auc" | "average_precision" | "brier" | "calibration_error">;
  readonly title: string;
  readonly of: (rows: LabelledRows) => Figure;
  /** 1: a higher figure is better. -1: a lower one. */
  readonly better: 1 | -1;
  /** Limit of the difference, challenger minus champion. */
  readonly bound: number;
}

const rulesOf = (policy: PromotionPolicy): readonly QualityRule[] => [
  {
    ...{ name: "auc", title: "AUC", better: 1, bound: policy.minAucGain },
    of: (rows) => aucFigure(rankRows(rows.scores), rows),
  },
  {
    ...{ name: "average_precision", title: "average precision", better: 1, bound: -policy.maxAveragePrecisionLoss },
    of: (rows) => averagePrecisionFigure(rankRows(rows.scores), rows),
  },
  {
    ...{ name: "brier", title: "Brier score", better: -1, bound: policy.maxBrierIncrease },
    of: (rows) => brierFigure(rows.scores, rows),
  },
  {
    ...{ name: "calibration_error", title: "calibration error", better: -1 },
    bound: policy.maxCalibrationErrorIncrease,
    of: (rows) => calibrationErrorFigure(rankRows(rows.scores), rows),
  },
];

/**
 * Compares the quality of both versions on the same rows. A check passes when the whole 95 % interval of the difference is on the good
 * side of its bound. It fails when the challenger is shown to be worse than the bound allows, and is held otherwise. The interval is
 * clustered by supplier. Source of the rule: non-inferiority and superiority by a confidence interval,
 * ICH E9 "Statistical principles for clinical trials", 1998, §3.3.2; of the interval of a paired difference of AUC: DeLong, DeLong &
 * Clarke-Pearson, Biometrics 44, 1988, for clusters Obuchowski, Biometrics 53, 1997.
 * @param hasInterval false: too few suppliers of one class; figures are stated and nothing is decided
 */
export function qualityChecks(
  { champion, challenger }: LabelledPair,
  policy: PromotionPolicy,
  hasInterval: boolean,
): GateCheck[] {
  return rulesOf(policy).map(({ name, title, of, better, bound }) => {
    const [before, after] = [of(champion), of(challenger)];
    const difference = estimateOf(differenceFigure(after, before), champion, "difference");
    const figures = {
      champion: before.value,
      challenger: after.value,
      figure: difference.value,
      bound,
      ...(hasInterval && { low: difference.low, high: difference.high }),
    };
    const { value, low, high } = difference;
    if (value === null) return checkOf(name, "not_made", `${title}: the rows do not determine it`, figures);
    if (!hasInterval || low === null || high === null)
      return checkOf(name, "not_made", `${title} ${signed(value)}, without an interval: too few suppliers`, figures);
    const [worst, best] = better === 1 ? [low, high] : [-high, -low];
    const limit = better * bound;
    const found = `${title} ${signed(value)} (${intervalText(difference)})`;
    if (worst > limit) return checkOf(name, "passed", `${found}, bound ${signed(bound)}`, figures);
    if (best < Math.min(limit, 0)) return checkOf(name, "failed", `${found}: the challenger is worse`, figures);
    const missing =
      limit === 0
        ? "is not shown to be better"
        : `is not shown to be ${limit > 0 ? "better than" : "within"} the bound ${signed(bound)}`;
    return checkOf(name, "held", `${found}: the challenger ${missing}`, figures);
  });
}
