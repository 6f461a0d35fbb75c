/** What a check of the weekly input looks at, in the order in which checks are shown. */
export const CHECK_KINDS = [
  "rows",
  "suppliers",
  "shared_suppliers",
  "rejected_rows",
  "same_content",
  "data_age",
  "missing_column",
  "constant_column",
  "unit",
  "renamed_column",
] as const;

/** What a check of the weekly input looks at. */
export type CheckKind = (typeof CHECK_KINDS)[number];

/** "not_possible": there is nothing to compare with, or the risk policy disables the check; `detail` says which. */
export type CheckOutcome = "passed" | "failed" | "not_possible";

/** The result of one check of the weekly input. */
export interface Check {
  readonly kind: CheckKind;
  readonly outcome: CheckOutcome;
  /** The column that was checked. Empty: the whole input, or all columns. */
  readonly column: string;
  /** The measured value; its meaning depends on the kind. Null: nothing was measured. */
  readonly value: number | null;
  /** The limit that `value` was compared with. Null: there is none. */
  readonly limit: number | null;
  /** One sentence without a full stop, with the figures. At most 240 characters. */
  readonly detail: string;
}

/** Maximum number of failed checks of one kind that are listed. */
export const MAX_LISTED = 20;

/** Maximum number of characters of a detail. */
const MAX_DETAIL = 240;

/** Creates a check; a long detail is cut. */
export function check(
  kind: CheckKind,
  outcome: CheckOutcome,
  detail: string,
  { column = "", value = null, limit = null }: Partial<Pick<Check, "column" | "value" | "limit">> = {},
): Check {
  const clean = detail.replaceAll("\0", "").toWellFormed();
  const shown = clean.length > MAX_DETAIL ? `${clean.slice(0, MAX_DETAIL - 1).toWellFormed()}…` : clean;
  const finite = (number: number | null): number | null => (Number.isFinite(number) ? number : null);
  return { kind, outcome, column, value: finite(value), limit: finite(limit), detail: shown };
}

/**
 * Returns at most `MAX_LISTED` failed checks of one kind, and one more with the number of the others.
 * @param failed checks of the same kind
 */
export function listFailed(failed: readonly Check[]): Check[] {
  const [first] = failed;
  if (first === undefined || failed.length <= MAX_LISTED) return [...failed];
  const more = failed.length - MAX_LISTED;
  const rest = check(first.kind, "failed", `${more} more columns`, { value: more });
  return [...failed.slice(0, MAX_LISTED), rest];
}

/** The checks that failed. A run with one of them is held, unless a person approved it. */
export function failedChecks(checks: readonly Check[]): Check[] {
  return checks.filter(({ outcome }) => outcome === "failed");
}

/** Why a check of a first week is not possible. */
export const NOTHING_EARLIER = "there is no earlier complete week of this model";
/** Why the content of a first week is not compared. */
export const NO_OTHER_WEEK = "there is no other complete week of this model";

/** Returns the checks of an input whose earlier weeks are not known, with the reason for which they are not. */
export function withoutEarlierWeeks(checks: readonly Check[], reason: string): Check[] {
  return checks.map((one) =>
    one.outcome === "not_possible" && (one.detail === NOTHING_EARLIER || one.detail === NO_OTHER_WEEK)
      ? check(one.kind, one.outcome, `the earlier weeks are not known: ${reason}`, one)
      : one,
  );
}

/** Names of the kinds, for texts. */
export const CHECK_NAMES: Readonly<Record<CheckKind, string>> = {
  rows: "rows",
  suppliers: "suppliers",
  shared_suppliers: "shared suppliers",
  rejected_rows: "rejected rows",
  same_content: "same content",
  data_age: "age of the data",
  missing_column: "column without values",
  constant_column: "constant column",
  unit: "unit",
  renamed_column: "renamed column",
};

/** Describes a check in one line: "unit, spend: the median is 200, …". */
export function describeCheck({ kind, column, detail }: Pick<Check, "kind" | "column" | "detail">): string {
  return `${CHECK_NAMES[kind]}${column === "" ? "" : `, ${column}`}: ${detail}`;
}

/** Describes the failed checks in one clause, at most three of them. */
export function describeFailed(checks: readonly Check[]): string {
  const failed = failedChecks(checks);
  const shown = failed.slice(0, 3).map(describeCheck);
  const more = failed.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

/**
 * Describes all checks: a line for each failed one, a line for those that were not possible for the same reason, and a
 * line for those that passed.
 */
export function describeChecks(checks: readonly Check[]): string[] {
  const namesOf = (some: readonly Check[]): string =>
    [...new Set(some.map(({ kind }) => CHECK_NAMES[kind]))].join(", ");
  const reasons = Object.entries(
    Object.groupBy(
      checks.filter(({ outcome }) => outcome === "not_possible"),
      ({ detail }) => detail,
    ),
  );
  const passed = checks.filter(({ outcome }) => outcome === "passed");
  return [
    ...failedChecks(checks).map((one) => `failed: ${describeCheck(one)}`),
    ...reasons.map(([detail, some = []]) => `not possible: ${namesOf(some)}: ${detail}`),
    ...(passed.length > 0 ? [`passed: ${namesOf(passed)}`] : []),
  ];
}
