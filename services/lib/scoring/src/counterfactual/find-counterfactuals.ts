import type { Band } from "@bellwether/contract/band-codes";
import type { ChangeRequest, FixedFeature } from "@bellwether/risk-model/counterfactual/change-request";
import {
  type CounterfactualTask,
  changedSupplier,
  changesKey,
  createCounterfactualSearch,
  type FoundChanges,
} from "@bellwether/risk-model/counterfactual/counterfactual-search";
import { type ResolvedLimit, resolveLimits } from "@bellwether/risk-model/counterfactual/resolve-limits";
import type { SupplierInput } from "@bellwether/risk-model/features/supplier-input";
import type { ScoringModel } from "../model/scoring-model.ts";
import { type SupplierScore, scoreSupplier } from "../score/score-supplier.ts";
import type { CounterfactualBudget } from "./counterfactual-budget.ts";
import { ChangeLimitError, NoBandError, NotSearchableError } from "./counterfactual-error.ts";

/** A counterfactual with the score that the model computes for the changed supplier. */
export interface Counterfactual extends FoundChanges {
  readonly score: SupplierScore;
}

/** How a search ended. */
export type CounterfactualOutcome =
  /** The first counterfactual is the smallest change. */
  | "found"
  /** No change within the limits is enough. */
  | "none-within-limits"
  /** The search ended first; smaller changes may exist. */
  | "not-decided"
  /** The score is in the target band, or in a lower one. */
  | "already-below";

/** Why a search ended before it was complete. */
export type UndecidedReason = "time" | "steps" | "memory" | "stopped" | "scores-differ";

/** The answer of a search. */
export interface CounterfactualAnswer {
  readonly outcome: CounterfactualOutcome;
  /** Null unless the outcome is "not-decided". */
  readonly undecided: UndecidedReason | null;
  /** The score of the unchanged supplier. */
  readonly score: SupplierScore;
  /** The band that a counterfactual has, or a lower one. */
  readonly targetBand: TargetBand;
  /** Cheapest first; no other one costs less than the first when the outcome is "found". */
  readonly counterfactuals: readonly Counterfactual[];
  readonly fixed: readonly FixedFeature[];
  readonly steps: number;
}

/** A band to which a score can be lowered. */
export type TargetBand = Extract<Band, "low" | "medium">;

/** What is asked. */
export interface CounterfactualRequest extends ChangeRequest {
  readonly supplier: SupplierInput;
  /** Null: the band below that of the supplier. */
  readonly targetBand: TargetBand | null;
}

/**
 * Maximum number of searches for one answer. Another search is needed when the score of a counterfactual differs from
 * the expected one, which no runtime has done so far.
 */
const MAX_SEARCHES = 8;

/** Finds the counterfactuals of one supplier. @param path Prefix of field paths in errors, for example "supplier". */
export type CounterfactualFinder = (
  request: CounterfactualRequest,
  path: string,
  budget: CounterfactualBudget,
) => Promise<CounterfactualAnswer>;

/** A request whose limits and supplier were checked. */
interface CheckedRequest {
  readonly score: SupplierScore & { readonly riskScore: number };
  readonly byFeature: ReadonlyMap<string, ResolvedLimit>;
}

/**
 * Checks a request without a search: the search of the same request then throws none of these errors.
 * @throws NotSearchableError, InvalidSupplierError, ChangeLimitError, NoBandError
 */
export async function checkCounterfactual(
  model: ScoringModel,
  { supplier, limits }: CounterfactualRequest,
  path: string,
): Promise<CheckedRequest> {
  if (!model.isSumOfTrees) throw new NotSearchableError(model.identity);
  const score = await scoreSupplier(model, supplier, path);
  const { byFeature, violations } = resolveLimits(model.bundle, limits);
  if (violations.length > 0) throw new ChangeLimitError(violations);
  const { riskScore } = score;
  if (riskScore === null) throw new NoBandError(model, score);
  return { score: { ...score, riskScore }, byFeature };
}

/**
 * Prepares a model for counterfactuals, which reads its trees again. A search blocks the calling thread.
 * @throws NotSearchableError; the finder throws the errors of `checkCounterfactual`.
 */
export function createCounterfactualFinder(model: ScoringModel): CounterfactualFinder {
  if (!model.isSumOfTrees) throw new NotSearchableError(model.identity);
  const search = createCounterfactualSearch(model.bundle, model.readTrees());
  return async (request, path, budget) => {
    const { supplier, maxChanges, maxAnswers } = request;
    const { score, byFeature } = await checkCounterfactual(model, request, path);
    const targetBand = request.targetBand ?? (score.band === "high" ? "medium" : "low");
    const { bands } = model.bundle;
    const scoreBelow = targetBand === "medium" ? bands.high : bands.medium;
    if (score.riskScore < scoreBelow)
      return {
        ...{ outcome: "already-below", undecided: null, score, targetBand },
        ...{ counterfactuals: [], fixed: [], steps: 0 },
      };
    const rejected = new Set<string>();
    const started = performance.now();
    const task = (): CounterfactualTask => ({
      ...{ vector: model.vectorizer.vectorize(supplier, path), limits: byFeature, scoreBelow },
      ...{ maxChanges, maxAnswers, rejected },
      searchLimits: {
        ...{ maxSteps: budget.maxSteps, isStopped: budget.isStopped, now: () => performance.now() },
        maxMs: budget.maxMs - (performance.now() - started),
      },
    });
    let steps = 0;
    for (let searches = 1; ; searches++) {
      const result = search(task());
      steps += result.steps;
      const scored = await Promise.all(
        result.found.map(async (found) => ({
          ...found,
          score: await scoreSupplier(model, changedSupplier(supplier, found.changes), path),
        })),
      );
      const isEnough = ({ score: changed }: Counterfactual): boolean =>
        changed.riskScore !== null && changed.riskScore < scoreBelow;
      const counterfactuals = scored.filter(isEnough);
      for (const { changes } of scored.filter((each) => !isEnough(each))) rejected.add(changesKey(changes));
      const isAllEnough = counterfactuals.length === scored.length;
      if (!isAllEnough && result.end === null && searches < MAX_SEARCHES) continue;
      const undecided = result.end ?? (isAllEnough ? null : "scores-differ");
      const outcome = undecided !== null ? "not-decided" : counterfactuals.length > 0 ? "found" : "none-within-limits";
      return { outcome, undecided, score, targetBand, counterfactuals, fixed: result.fixed, steps };
    }
  };
}
