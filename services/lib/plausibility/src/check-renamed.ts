import { type CheckSetting, isDisabled } from "@bellwether/config/input-checks";
import { type Check, check, listFailed } from "./check.ts";
import { disabledCheck } from "./check-rows.ts";
import type { ColumnProfile } from "./column-profile.ts";
import { findRenamed, type RenamedColumn } from "./find-renamed.ts";
import type { PreviousInput } from "./previous-input.ts";

/** A column that the mapping reads and that the files do not have. */
export interface MissingColumn {
  /** Name in the file. */
  readonly column: string;
  /** Name of the feature that has the values of the column, for the profile of the week before. Null: none. */
  readonly feature: string | null;
  /** Columns of the file that the mapping does not read. The profile is null when it is not known. */
  readonly unread: readonly { readonly column: string; readonly profile: ColumnProfile | null }[];
}

/** Finds missing columns that the file likely has under another name. */
export function checkRenamed(
  missing: readonly MissingColumn[],
  previous: Pick<PreviousInput, "week" | "columns"> | null,
  setting: CheckSetting,
): Check[] {
  const kind = "renamed_column";
  if (isDisabled(setting)) return [disabledCheck(kind, setting.disabled)];
  if (missing.length === 0) return [check(kind, "passed", "the files have every column that the mapping reads")];
  const failed = missing.flatMap(({ column, feature, unread }) => {
    const before = previous?.columns.find((one) => one.column === feature) ?? null;
    const found = findRenamed(column, before, unread);
    return found === null
      ? []
      : [check(kind, "failed", describeRenamed(column, found, previous?.week ?? ""), { column })];
  });
  if (failed.length > 0) return listFailed(failed);
  return [check(kind, "passed", "no missing column looks like another one that the mapping does not read")];
}

/** Describes where a missing column likely is. */
export function describeRenamed(column: string, { to, byName, byDistribution }: RenamedColumn, week: string): string {
  const values = `its values are distributed like those of "${column}" in ${week}`;
  const why = byDistribution ? (byName ? `its name is similar, and ${values}` : values) : "its name is similar";
  return `the file has no column "${column}"; it is likely "${to}" now: ${why}`;
}
