import { type CheckSetting, isDisabled } from "@bellwether/config/input-checks";
import { isoWeekStart } from "@bellwether/contract/iso-week";
import { type Check, check } from "./check.ts";
import { disabledCheck } from "./check-rows.ts";

const DAY_MS = 86_400_000;

/** Returns the number of days from the newest date of the rows to the Monday of the week; negative when the date is later. */
export function ageOfData(isoWeek: string, newestDate: string): number {
  return Math.round((Date.parse(isoWeekStart(isoWeek)) - Date.parse(newestDate)) / DAY_MS);
}

/**
 * Checks that rows with dates of their own are not much older than the week: another file was given by mistake.
 * @param newestDate newest date of an accepted row, ISO. Null: the rows have no dates, and nothing is checked
 */
export function checkAge(
  isoWeek: string,
  newestDate: string | null,
  setting: CheckSetting<{ readonly maxDays: number }>,
): Check[] {
  const kind = "data_age";
  if (newestDate === null) return [];
  if (isDisabled(setting)) return [disabledCheck(kind, setting.disabled)];
  const days = ageOfData(isoWeek, newestDate);
  const isOld = days > setting.maxDays;
  const detail = isOld
    ? `the newest date of the rows is ${newestDate}, ${days} days before ${isoWeek} begins (limit: ${setting.maxDays} days); give the file of the week`
    : `the newest date of the rows is ${newestDate} (limit: ${setting.maxDays} days before ${isoWeek} begins)`;
  return [check(kind, isOld ? "failed" : "passed", detail, { value: days, limit: setting.maxDays })];
}
