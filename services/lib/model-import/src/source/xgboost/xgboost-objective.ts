import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import type { Link } from "@bellwether/tree-model/trees/tree-model";
import type { JsonFields } from "../text/json-fields.ts";

/**
 * An objective: the link function that is applied to the trees' sum, and how `base_score` is converted to a
 * margin.
 */
export interface XgboostObjective {
  readonly name: string;
  readonly link: Link;
  readonly baseToMargin: (score: number) => number;
  readonly isClassifier: boolean;
}

const same = (score: number): number => score;
const SMALLEST_SHARE = Math.fround(1e-6);
const LARGEST_SHARE = Math.fround(1 - SMALLEST_SHARE);

/**
 * Returns the log-odds of a share of positives, with the float32 steps of XGBoost. A share of 0 or 1 (labels
 * of one class) is limited to 1e-6 from that end.
 */
function logit(share: number): number {
  const inside = Math.min(LARGEST_SHARE, Math.max(SMALLEST_SHARE, share));
  return -Math.log(Math.fround(Math.fround(1 / inside) - 1));
}

type Reading = Omit<XgboostObjective, "name">;
const IDENTITY: Reading = { link: "identity", baseToMargin: same, isClassifier: false };
const LOG: Reading = { link: "exp", baseToMargin: Math.log, isClassifier: false };
const LOGISTIC: Reading = { link: "logistic", baseToMargin: logit, isClassifier: false };

/** Objectives of XGBoost 1.0 to 3.x whose prediction is a link function of the trees' sum. */
const OBJECTIVES: Readonly<Record<string, Reading>> = {
  "reg:squarederror": IDENTITY,
  "reg:linear": IDENTITY,
  "reg:squaredlogerror": IDENTITY,
  "reg:pseudohubererror": IDENTITY,
  "reg:absoluteerror": IDENTITY,
  "reg:quantileerror": IDENTITY,
  "reg:expectileerror": IDENTITY,
  "rank:pairwise": IDENTITY,
  "rank:ndcg": IDENTITY,
  "rank:map": IDENTITY,
  "reg:logistic": LOGISTIC,
  "binary:logistic": { ...LOGISTIC, isClassifier: true },
  // The raw score of this objective starts at base_score itself, not at its logit (measured with XGBoost 2.1
  // to 3.4).
  "binary:logitraw": { ...IDENTITY, isClassifier: true },
  "multi:softprob": { link: "softmax", baseToMargin: same, isClassifier: true },
  "multi:softmax": { link: "softmax", baseToMargin: same, isClassifier: true },
  "count:poisson": LOG,
  "reg:gamma": LOG,
  "reg:tweedie": LOG,
  "survival:cox": LOG,
  "survival:aft": LOG,
};

/** @throws ImportRejectedError when the prediction is not a known link function of the trees' sum. */
export function xgboostObjective(name: string): XgboostObjective {
  const reading = Object.hasOwn(OBJECTIVES, name) ? OBJECTIVES[name] : undefined;
  if (reading !== undefined) return { name, ...reading };
  const wayOut = "train with another objective, for example binary:logistic or reg:squarederror";
  throw new ImportRejectedError(
    "unsupported",
    `objective ${name.slice(0, 80)} is not a known link of a sum of trees; ${wayOut}`,
  );
}

/**
 * Returns the margins that the trees' sums start from, `[outputs]`. `base_score` is a prediction, not a
 * margin; since 3.1 it is a list.
 * @throws ImportRejectedError when `base_score` has no finite margin.
 */
export function readXgboostBase(parameters: JsonFields, objective: XgboostObjective, outputs: number): Float64Array {
  const text = parameters.has("base_score") ? parameters.text("base_score") : "0.5";
  const scores = text
    .replace(/^\[|\]$/g, "")
    .split(",")
    .map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (scores.length !== 1 && scores.length !== outputs) {
    throw new ImportRejectedError("malformed", `base_score has ${scores.length} entries for ${outputs} outputs`);
  }
  const base = Float64Array.from({ length: outputs }, (_, k) =>
    Math.fround(objective.baseToMargin(Math.fround(scores[scores.length === 1 ? 0 : k]))),
  );
  if (!base.every(Number.isFinite)) {
    throw new ImportRejectedError(
      "malformed",
      `base_score ${text.slice(0, 80)} has no finite margin under ${objective.name}`,
    );
  }
  return base;
}
