import { calibratedRisk } from "@bellwether/risk-model/calibrate/calibration";
import type { SupplierInput } from "@bellwether/risk-model/features/supplier-input";
import type { ScoringModel } from "../model/scoring-model.ts";
import type { FeatureContribution } from "../score/feature-contributions.ts";
import {
  InvalidSupplierError,
  NotExplainableError,
  type SupplierScore,
  scoreSupplier,
} from "../score/score-supplier.ts";
import { type ChangeNote, compareVersions, dataNotes, missingNotes } from "./change-notes.ts";
import { inputForOwnVersion, inputForVersion } from "./known-in-both.ts";
import { NotComparableError } from "./not-comparable-error.ts";
import { type Amount, completeEvaluation, type Evaluation, splitOutput, splitScore } from "./split-change.ts";

/** The data of one end of a change, with the version that scores them. */
export interface ChangeEnd {
  readonly model: ScoringModel;
  readonly input: SupplierInput;
  /** Name of the end in errors and notes, and prefix of field paths: "before.supplier". */
  readonly path: string;
}

/** A feature at one end; all words of a text are one feature. */
export interface ChangeValue extends Pick<FeatureContribution, "value" | "category" | "contribution"> {
  readonly isMissing: boolean;
}

/** The part of one feature in a change. */
export interface ChangePart {
  readonly feature: string;
  /** In output space. */
  readonly amount: Amount;
  /** Null: the version of this end does not use the feature. */
  readonly before: ChangeValue | null;
  readonly after: ChangeValue | null;
}

/** A change between two scores, divided exactly. */
export interface ExplainedChange {
  readonly before: SupplierScore;
  readonly after: SupplierScore;
  /** Change of the output. The parts and `base` add up to it. */
  readonly outputChange: number;
  /** Largest |data| + |model| first. */
  readonly parts: readonly ChangePart[];
  /** Difference of the base values, in output space. */
  readonly base: number;
  /**
   * Change of the risk score: `calibration` plus `slope` times the parts and `base`. Null: there is no risk score, or it
   * does not follow from the output alone.
   */
  readonly score: { readonly change: number; readonly calibration: number; readonly slope: number } | null;
  readonly notes: readonly ChangeNote[];
}

/**
 * Explains the change between two scores of a supplier: by features, and for each feature by data and version.
 * @throws InvalidSupplierError when a version rejects the data; NotExplainableError when a version has no
 * contributions; NotComparableError when the outputs have different scales or a score does not exist.
 */
export async function explainChange(before: ChangeEnd, after: ChangeEnd): Promise<ExplainedChange> {
  for (const { model } of [before, after]) if (model.explainer === null) throw new NotExplainableError(model);
  checkScales(before.model, after.model);
  const isSameVersion = before.model === after.model;
  const [old, now] = [before.model.bundle, after.model.bundle];
  const beforeInOld = await evaluate(before.model, inputForOwnVersion(before.input, old, now), before.path);
  const afterInNew = await evaluate(after.model, inputForOwnVersion(after.input, now, old), after.path);
  const converted = {
    before: inputForVersion(before.input, old, { input: after.input, bundle: now }),
    after: inputForVersion(after.input, now, { input: before.input, bundle: old }),
  };
  const beforeInNew = isSameVersion
    ? beforeInOld
    : await evaluateInOther(after.model, converted.before.input, before.path);
  const afterInOld = isSameVersion
    ? afterInNew
    : await evaluateInOther(before.model, converted.after.input, after.path);
  const split = splitOutput({
    beforeInOld: beforeInOld.evaluation,
    beforeInNew: beforeInNew.evaluation,
    afterInOld: afterInOld.evaluation,
    afterInNew: afterInNew.evaluation,
  });
  const parts = [...split.parts].map(([feature, amount]): ChangePart => {
    return {
      feature,
      amount,
      before: changeValue(before.model, beforeInOld, feature),
      after: changeValue(after.model, afterInNew, feature),
    };
  });
  const size = ({ amount: { data, model } }: ChangePart): number => Math.abs(data) + Math.abs(model);
  const score = scoreChange(before.model, after.model, beforeInOld.score, afterInNew.score);
  return {
    before: beforeInOld.score,
    after: afterInNew.score,
    outputChange: split.change,
    parts: parts.sort((a, b) => size(b) - size(a)),
    base: split.base,
    score,
    notes: [
      ...compareVersions(old, now, score !== null),
      ...dataNotes("before", parts, beforeInOld.score, converted.before.held),
      ...dataNotes("after", parts, afterInNew.score, converted.after.held),
      ...(isUnchanged(parts) ? [] : missingNotes(parts)),
    ],
  };
}

const isUnchanged = (parts: readonly ChangePart[]): boolean =>
  parts.every(({ amount: { data, model } }) => data === 0 && model === 0);

/** A score with its contributions by feature. */
interface Evaluated {
  readonly score: SupplierScore;
  readonly evaluation: Evaluation;
  readonly values: ReadonlyMap<string, FeatureContribution>;
}

/** @throws NotComparableError when the supplier has too few features for a score */
async function evaluate(model: ScoringModel, input: SupplierInput, path: string): Promise<Evaluated> {
  const score = await scoreSupplier(model, input, path);
  const { output, contributions, warnings } = score;
  if (output === null || model.explainer === null) {
    const reason = warnings.find(({ code }) => code === "TOO_FEW_FEATURES")?.message ?? "it has no score";
    throw new NotComparableError(
      `${path} has no score in ${model.identity.name} ${model.identity.version}, so there is no change to explain: ${reason}`,
    );
  }
  const text = model.bundle.text?.feature ?? "";
  const values = new Map<string, FeatureContribution>();
  for (const entry of contributions) {
    const isWord = text !== "" && entry.feature.startsWith(`${text}:`);
    const feature = isWord ? text : entry.feature;
    const sum = (values.get(feature)?.contribution ?? 0) + entry.contribution;
    values.set(feature, isWord ? { feature, value: null, category: "", contribution: sum } : entry);
  }
  const evaluation = completeEvaluation({
    base: model.explainer.baseValue,
    contributions: new Map([...values].map(([name, { contribution }]) => [name, contribution])),
    output,
  });
  return { score, evaluation, values };
}

/** Scores the data of one end in the version of the other end; the errors name that version. */
async function evaluateInOther(model: ScoringModel, input: SupplierInput, path: string): Promise<Evaluated> {
  try {
    return await evaluate(model, input, path);
  } catch (error) {
    if (!(error instanceof InvalidSupplierError)) throw error;
    const version = model.identity.version;
    throw new InvalidSupplierError(
      error.violations.map((violation) => ({
        ...violation,
        message: `${violation.message}; version ${version} of the other end scores these data too`,
      })),
    );
  }
}

function checkScales(before: ScoringModel, after: ScoringModel): void {
  const [old, now] = [before, after].map(({ bundle }) => scaleOf(bundle));
  if (old === now) return;
  throw new NotComparableError(
    `the contributions of ${before.identity.version} are ${old} and those of ${after.identity.version} are ${now}: ` +
      "their change cannot be divided among features; compare two versions of one kind",
  );
}

const scaleOf = ({ outputSpace, link, explains }: ScoringModel["bundle"]): string =>
  explains === "class-margin"
    ? "margins of a class"
    : { margin: "log-odds", probability: "probabilities", raw: link === "exp" ? "logarithms" : "numbers" }[outputSpace];

function scoreChange(
  old: ScoringModel,
  now: ScoringModel,
  before: SupplierScore,
  after: SupplierScore,
): ExplainedChange["score"] {
  if (before.riskScore === null || after.riskScore === null) return null;
  if (before.output === null || after.output === null || old.bundle.explains === "class-margin") return null;
  const risk = ({ bundle }: ScoringModel) => {
    return (output: number): number => calibratedRisk(bundle, output);
  };
  return splitScore(before.output, after.output, risk(old), risk(now));
}

function changeValue({ bundle }: ScoringModel, { score, values }: Evaluated, feature: string): ChangeValue | null {
  const entry = values.get(feature);
  const isMissing = score.missing.includes(feature);
  if (entry !== undefined) {
    const { value, category, contribution } = entry;
    return { value, category, contribution, isMissing };
  }
  // A category without columns has no contribution.
  const isUsed = bundle.features.some(({ name }) => name === feature) || bundle.text?.feature === feature;
  return isUsed ? { value: null, category: "", contribution: 0, isMissing } : null;
}
