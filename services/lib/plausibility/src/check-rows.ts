import { type CheckSetting, isDisabled } from "@bellwether/config/input-checks";
import { countText } from "@bellwether/reasons/count-text";
import { type Check, type CheckKind, check, NOTHING_EARLIER } from "./check.ts";
import { percent } from "./figures.ts";
import type { PreviousInput } from "./previous-input.ts";

/** The check that the risk policy turns off. */
export function disabledCheck(kind: CheckKind, reason: string): Check {
  return check(kind, "not_possible", `turned off by the risk policy: ${reason}`);
}

/** The check without an earlier week. */
export function nothingEarlier(kind: CheckKind): Check {
  return check(kind, "not_possible", NOTHING_EARLIER);
}

/**
 * Compares the number of rows with the week before.
 * @param rows rows of the files of this week, accepted and rejected
 */
export function checkRows(
  rows: number,
  previous: PreviousInput | null,
  setting: CheckSetting<{ readonly minShare: number; readonly maxShare: number }>,
): Check {
  if (isDisabled(setting)) return disabledCheck("rows", setting.disabled);
  if (previous === null) return nothingEarlier("rows");
  if (previous.rows === null || previous.rows === 0)
    return check("rows", "not_possible", `the number of rows of ${previous.week} is not recorded`);
  const { minShare, maxShare } = setting;
  const share = rows / previous.rows;
  const isLow = share < minShare;
  const shown = percent(share, isLow ? Math.floor : share > maxShare ? Math.ceil : Math.round);
  const detail = `${countText(rows, "row")}, ${shown} of the ${previous.rows} of ${previous.week} (limits: ${percent(minShare)} to ${percent(maxShare)})`;
  const figures = { value: share, limit: share < 1 ? minShare : maxShare };
  return check("rows", isLow || share > maxShare ? "failed" : "passed", detail, figures);
}
