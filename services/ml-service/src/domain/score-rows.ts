import { setImmediate as nextTurn } from "node:timers/promises";
import { supplierIdViolation } from "@bellwether/contract/supplier-id";
import type { SupplierInput } from "@bellwether/risk-model/features/supplier-input";
import type { ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { type ComputedScore, InvalidSupplierError, scoreSupplier } from "@bellwether/scoring/score/score-supplier";
import { SupplierIdError } from "./ml-error.ts";

/** A supplier of a list. */
export interface SupplierRow {
  readonly id: string;
  readonly input: SupplierInput;
}

/** A field that breaks a rule, with its path in the request. */
interface RowField {
  readonly field: string;
  readonly description: string;
}

/** The scores of a list, and the rows that have none. `row` is the position in the list, from 0. */
export interface RowScores {
  readonly scored: readonly { readonly row: number; readonly id: string; readonly score: ComputedScore }[];
  readonly rejected: readonly {
    readonly row: number;
    readonly reason: string;
    readonly message: string;
    readonly fields: readonly RowField[];
  }[];
}

/** Rows that are computed together. Other calls are answered between two groups. */
const ROWS_PER_TURN = 16;
/** Maximum number of fields that are named for one row. */
const MAX_FIELDS = 20;

/**
 * Scores suppliers as Predict does. A row that breaks a rule is returned with its violations, and the others are scored.
 * Other calls are answered in between.
 * @param top Maximum number of contributions of a row.
 * @throws the signal's reason when nobody waits for the scores any more
 */
export async function scoreRows(
  model: ScoringModel,
  rows: readonly SupplierRow[],
  top: number,
  signal: AbortSignal,
): Promise<RowScores> {
  const scored: RowScores["scored"][number][] = [];
  const rejected: RowScores["rejected"][number][] = [];
  for (let first = 0; first < rows.length; first += ROWS_PER_TURN) {
    if (first > 0) await nextTurn();
    signal.throwIfAborted();
    const group = rows.slice(first, first + ROWS_PER_TURN);
    const outcomes = await Promise.allSettled(
      group.map(({ id, input }, i) => scoreRow(model, id, input, `suppliers[${first + i}]`, top)),
    );
    for (const [i, outcome] of outcomes.entries()) {
      const row = first + i;
      if (outcome.status === "fulfilled") scored.push({ row, id: group[i]?.id ?? "", score: outcome.value });
      else rejected.push({ row, ...rejectionOf(outcome.reason) });
    }
  }
  return { scored, rejected };
}

/** @throws `error` when it is not about the row */
function rejectionOf(error: unknown): Omit<RowScores["rejected"][number], "row"> {
  if (!(error instanceof InvalidSupplierError) && !(error instanceof SupplierIdError)) throw error;
  const reason = error instanceof InvalidSupplierError ? error.reason : "SUPPLIER_ID";
  return { reason, message: error.message, fields: error.fieldViolations.slice(0, MAX_FIELDS) };
}

async function scoreRow(
  model: ScoringModel,
  id: string,
  input: SupplierInput,
  path: string,
  top: number,
): Promise<ComputedScore> {
  const violation = supplierIdViolation(id);
  if (violation !== undefined) throw new SupplierIdError(violation, path);
  return scoreSupplier(model, input, path, top);
}
