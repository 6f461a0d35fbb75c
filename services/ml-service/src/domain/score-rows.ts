import { setImmediate as nextTurn } from "node:timers/promises";
import { supplierIdViolation } from "@bellwether/contract/supplier-id";
import type { SupplierInput } from "@bellwether/risk-model/features/supplier-input";
import type { ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { InvalidSupplierError, type SupplierScore, scoreSupplier } from "@bellwether/scoring/score/score-supplier";
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
  readonly scored: readonly { readonly row: number; readonly id: string; readonly score: SupplierScore }[];
  readonly rejected: readonly {
    readonly row: number;
    readonly reason: string;
    readonly message: string;
    readonly fields: readonly RowField[];
  }[];
}

/** Rows after which other calls are answered first. */
const ROWS_PER_TURN = 8;
/** Maximum number of fields that are named for one row. */
const MAX_FIELDS = 20;

/**
 * Scores suppliers one by one, as Predict does. A row that breaks a rule is returned with its violations, and the
 * others are scored. Other calls are answered in between.
 * @throws the signal's reason when nobody waits for the scores any more
 */
export async function scoreRows(
  model: ScoringModel,
  rows: readonly SupplierRow[],
  signal: AbortSignal,
): Promise<RowScores> {
  const scored: RowScores["scored"][number][] = [];
  const rejected: RowScores["rejected"][number][] = [];
  for (const [row, { id, input }] of rows.entries()) {
    if (row % ROWS_PER_TURN === ROWS_PER_TURN - 1) await nextTurn();
    signal.throwIfAborted();
    try {
      scored.push({ row, id, score: await scoreRow(model, id, input, `suppliers[${row}]`) });
    } catch (error) {
      if (!(error instanceof InvalidSupplierError) && !(error instanceof SupplierIdError)) throw error;
      const reason = error instanceof InvalidSupplierError ? error.reason : "SUPPLIER_ID";
      rejected.push({ row, reason, message: error.message, fields: error.fieldViolations.slice(0, MAX_FIELDS) });
    }
  }
  return { scored, rejected };
}

async function scoreRow(model: ScoringModel, id: string, input: SupplierInput, path: string): Promise<SupplierScore> {
  const violation = supplierIdViolation(id);
  if (violation !== undefined) throw new SupplierIdError(violation, path);
  return scoreSupplier(model, input, path);
}
