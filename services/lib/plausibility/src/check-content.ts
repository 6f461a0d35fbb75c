import { type CheckSetting, isDisabled } from "@bellwether/config/input-checks";
import { type Check, check, NO_OTHER_WEEK } from "./check.ts";
import { disabledCheck } from "./check-rows.ts";

/** Digests of the input of a complete run. */
export interface InputContent {
  /** ISO week, for example "2026-W46". */
  readonly week: string;
  /** SHA-256 of the content of the files. Empty: not recorded. */
  readonly sourceDigest: string;
  /** Digest of the rows after the mapping, without dates and independent of their order. Empty: not recorded. */
  readonly contentDigest: string;
}

/**
 * Checks that no other week has the same files, or other files with the same rows after the mapping.
 * @param others complete weeks of the same model, newest first
 * @param isDated whether the mapping takes other rows of the same files for another week, as from a whole history: then
 * only the mapped rows are compared, where both weeks have their digest
 */
export function checkContent(
  now: InputContent,
  others: readonly InputContent[],
  setting: CheckSetting,
  isDated = false,
): Check {
  const kind = "same_content";
  if (isDisabled(setting)) return disabledCheck(kind, setting.disabled);
  const compared = others.filter(({ week }) => week !== now.week);
  if (compared.length === 0) return check(kind, "not_possible", NO_OTHER_WEEK);
  const isSame = (a: string, b: string): boolean => a !== "" && a === b;
  const isKnown = ({ contentDigest }: InputContent): boolean => contentDigest !== "" && now.contentDigest !== "";
  const file = compared.find((other) => isSame(other.sourceDigest, now.sourceDigest) && !(isDated && isKnown(other)));
  if (file) return check(kind, "failed", `the file is that of ${file.week}, byte for byte`);
  const rows = compared.find(({ contentDigest }) => isSame(contentDigest, now.contentDigest));
  if (rows) return check(kind, "failed", `every mapped value is the same as in ${rows.week}`);
  return check(kind, "passed", `differs from the ${compared.length} latest other weeks`);
}
