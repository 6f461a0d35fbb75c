import { type CheckSetting, type InputChecks, isDisabled } from "@bellwether/config/input-checks";
import { countText } from "@bellwether/reasons/count-text";
import { type Check, type CheckKind, check, listFailed } from "./check.ts";
import { disabledCheck, nothingEarlier } from "./check-rows.ts";
import { type ColumnProfile, EXACT_DISTINCT, missingShare, topShare } from "./column-profile.ts";
import { figure, percent } from "./figures.ts";
import type { PreviousInput } from "./previous-input.ts";
import { partRatio, type UnitRatio, unitRatio } from "./unit-ratio.ts";

/**
 * Largest probability with which an unchanged column would look like this by chance. With 300 suppliers, a column whose
 * most frequent value had a share of 97 % may become constant; at 95 % it may not.
 */
const CHANCE = 1e-4;
/** Number of values below which a median says nothing about the unit. */
const MIN_VALUES = 20;
/** The same for a quarter of the values. */
const MIN_VALUES_OF_PARTS = 40;

/** Finds columns without any value that had values in the week before. */
export function checkMissing(
  columns: readonly ColumnProfile[],
  previous: PreviousInput | null,
  setting: CheckSetting,
): Check[] {
  return compareColumns("missing_column", columns, previous, setting, (now, before) => {
    if (now.rows === 0 || now.missing < now.rows) return null;
    const share = missingShare(before);
    if (share === 1 || share ** now.rows >= CHANCE) return null;
    return {
      detail: `no row has a value; ${percent(1 - share)} of the rows had one in ${previous?.week}`,
      value: 1,
      limit: share,
    };
  });
}

/** Finds columns with one single value that had several values in the week before. */
export function checkConstant(
  columns: readonly ColumnProfile[],
  previous: PreviousInput | null,
  { constantColumn, movingColumns }: Pick<InputChecks, "constantColumn" | "movingColumns">,
): Check[] {
  const checked = withoutMoving(columns, movingColumns);
  return compareColumns("constant_column", checked, previous, constantColumn, (now, before) => {
    const values = now.rows - now.missing;
    if (now.distinct !== 1 || before.distinct < 2 || topShare(before) ** values >= CHANCE) return null;
    const about = before.distinct > EXACT_DISTINCT ? "about " : "";
    const detail = `every value is the same; there were ${about}${countText(before.distinct, "different value")} in ${previous?.week}`;
    return { detail, value: now.distinct, limit: before.distinct };
  });
}

/** Finds numeric columns whose typical value is many times that of the week before, or a small part of it. */
export function checkUnits(
  columns: readonly ColumnProfile[],
  previous: PreviousInput | null,
  { unit, movingColumns }: Pick<InputChecks, "unit" | "movingColumns">,
): Check[] {
  const limit = isDisabled(unit) ? Number.POSITIVE_INFINITY : unit.factor;
  const checked = withoutMoving(columns, movingColumns);
  const valuesOf = ({ rows, missing }: ColumnProfile): number => rows - missing;
  const describe = ({ of, now, before, ratio }: UnitRatio): string => {
    const times = ratio > 1 ? `${figure(ratio)} times` : `1/${figure(1 / ratio)} of`;
    return `the ${of} is ${figure(now)}, ${times} the ${figure(before)} of ${previous?.week} (limit: ${figure(limit)} times, or 1/${figure(limit)})`;
  };
  return compareColumns("unit", checked, previous, unit, (now, before) => {
    const values = Math.min(valuesOf(now), valuesOf(before));
    if (values < MIN_VALUES) return null;
    const found = unitRatio(now, before);
    if (found !== null && (found.ratio > limit || found.ratio < 1 / limit))
      return { detail: `${describe(found)}; check the unit`, value: found.ratio, limit };
    const part = values < MIN_VALUES_OF_PARTS ? null : partRatio(now, before, limit);
    if (part === null) return null;
    // Medians of 0 or of different signs are not compared.
    const median = found?.of === "median" ? ", but the median is within the limit" : "";
    const detail = `${describe(part)}${median}; check the unit of a part of the rows`;
    return { detail, value: part.ratio, limit };
  });
}

function withoutMoving(columns: readonly ColumnProfile[], moving: InputChecks["movingColumns"]): ColumnProfile[] {
  return columns.filter(({ column }) => !Object.hasOwn(moving, column));
}

type Violation = Pick<Check, "detail" | "value" | "limit">;

function compareColumns(
  kind: CheckKind,
  columns: readonly ColumnProfile[],
  previous: PreviousInput | null,
  setting: CheckSetting,
  violationOf: (now: ColumnProfile, before: ColumnProfile) => Violation | null,
): Check[] {
  if (isDisabled(setting)) return [disabledCheck(kind, setting.disabled)];
  if (previous === null) return [nothingEarlier(kind)];
  const earlier = new Map(previous.columns.map((column) => [column.column, column]));
  const failed: Check[] = [];
  let compared = 0;
  for (const now of columns) {
    const before = earlier.get(now.column);
    if (before === undefined || before.rows === 0) continue;
    compared++;
    const violation = violationOf(now, before);
    if (violation !== null) failed.push(check(kind, "failed", violation.detail, { ...violation, column: now.column }));
  }
  if (failed.length > 0) return listFailed(failed);
  const left = columns.length - compared;
  const rest = left === 0 ? "" : `; ${countText(left, "column")} not in ${previous.week}`;
  if (compared === 0) return [check(kind, "not_possible", `no column of ${previous.week} is recorded`)];
  return [check(kind, "passed", `${countText(compared, "column")} compared with ${previous.week}${rest}`)];
}
