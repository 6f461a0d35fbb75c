import { isoWeekStart } from "./iso-week.ts";

const PLACEHOLDER = /\{([A-Za-z_]+)\}/g;

/** Name of a weekly input that contains an unknown placeholder. */
export class InputPatternError extends Error {
  override readonly name = "InputPatternError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];

  constructor(input: string, placeholder: string) {
    const expected =
      "expected {week} (for example 2026-W47) or {date} (the Monday of the week, for example 2026-11-16)";
    super(`the weekly input ${input.slice(0, 200)} contains {${placeholder.slice(0, 40)}}; ${expected}`);
    this.fieldViolations = [{ field: "input", description: expected }];
  }
}

/**
 * Whether the name of the weekly input differs from week to week. Without a placeholder, one file is replaced
 * each week, so that it can belong to the newest week only.
 * @throws InputPatternError
 */
export function hasWeekPlaceholder(input: string): boolean {
  return expandInput(input, "2026-W01") !== input;
}

/**
 * Returns the name of the input of an ISO week: {week} becomes the week ("2026-W47"), {date} its Monday
 * ("2026-11-16"), the day on which the default schedule starts the run.
 * @throws InputPatternError
 */
export function expandInput(input: string, week: string): string {
  return input.replaceAll(PLACEHOLDER, (_, placeholder: string) => {
    if (placeholder === "week") return week;
    if (placeholder === "date") return isoWeekStart(week);
    throw new InputPatternError(input, placeholder);
  });
}
