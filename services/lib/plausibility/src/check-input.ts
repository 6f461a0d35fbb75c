import type { RiskPolicy } from "@bellwether/config/risk-policy";
import type { Check } from "./check.ts";
import { checkAge } from "./check-age.ts";
import { checkConstant, checkMissing, checkUnits } from "./check-columns.ts";
import { checkContent, type InputContent } from "./check-content.ts";
import { checkRejected, checkSuppliers } from "./check-losses.ts";
import { checkRenamed, type MissingColumn } from "./check-renamed.ts";
import { checkRows } from "./check-rows.ts";
import { checkShared, type SharedSuppliers } from "./check-shared.ts";
import type { ColumnProfile } from "./column-profile.ts";
import { measureLosses } from "./losses.ts";
import type { PreviousInput } from "./previous-input.ts";
import type { LossCounts } from "./rejected-share.ts";

/** A weekly input after the mapping, before it is scored. */
export interface CheckedInput {
  readonly content: InputContent;
  /** Whether the mapping takes other rows of the same files for another week. */
  readonly isDated: boolean;
  /** Rows of the run, accepted and rejected, as the ledger counts them for `PreviousInput.rows`. */
  readonly rows: number;
  /** Counts of the run so far. */
  readonly counts: LossCounts;
  readonly columns: readonly ColumnProfile[];
  /** Columns of the mapping that the files do not have. */
  readonly missing: readonly MissingColumn[];
  /** The suppliers of the previous week, compared with those of the input. Null: they are not known. */
  readonly shared: SharedSuppliers | null;
  /** Newest date of an accepted row, ISO. Null: the rows have no dates. */
  readonly newestDate: string | null;
}

/** What a weekly input is compared with. */
export interface ComparedWith {
  /** The newest complete earlier week of the model. Null: there is none. */
  readonly previous: (PreviousInput & { readonly suppliers: number }) | null;
  /** Complete weeks of the model, newest first. */
  readonly others: readonly InputContent[];
}

/** Does every check of a weekly input, in the order of `CHECK_KINDS`. No check reads a row. */
export function checkInput(
  { content, isDated, rows, counts, columns, missing, shared, newestDate }: CheckedInput,
  { previous, others }: ComparedWith,
  { checks, losses: limits }: Pick<RiskPolicy, "checks" | "losses">,
): Check[] {
  const week = previous && { isoWeek: previous.week, suppliers: previous.suppliers };
  const losses = measureLosses(counts, week, limits);
  return [
    checkRows(rows, previous, checks.rows),
    checkSuppliers(losses, checks.suppliers),
    checkShared(shared, previous, checks.sharedSuppliers),
    checkRejected(losses),
    checkContent(content, others, checks.sameContent, isDated),
    ...checkAge(content.week, newestDate, checks.dataAge),
    ...checkMissing(columns, previous, checks.missingColumn),
    ...checkConstant(columns, previous, checks),
    ...checkUnits(columns, previous, checks),
    ...checkRenamed(missing, previous, checks.renamedColumn),
  ];
}
