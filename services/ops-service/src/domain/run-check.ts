/** The subject of a check of the input of a run, as CheckKind of the contract describes it. */
export type CheckKind =
  | "rows"
  | "suppliers"
  | "same_content"
  | "missing_column"
  | "constant_column"
  | "unit"
  | "renamed_column"
  | "rejected_rows";

export type CheckOutcome = "passed" | "failed" | "not_possible";

/** One check of the input of a run. */
export interface RunCheck {
  readonly kind: CheckKind;
  readonly outcome: CheckOutcome;
  /** Empty: the check is about the whole input. */
  readonly column: string;
  /** Null: not measured. */
  readonly value: number | null;
  /** Null: the check has no limit. */
  readonly limit: number | null;
  readonly detail: string;
}

/** The values of one column of the input of a run, in figures. Null: no value is a number. */
export interface ColumnProfile {
  readonly column: string;
  readonly rows: number;
  readonly missing: number;
  readonly distinct: number;
  readonly median: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Empty: not recorded. */
  readonly topValue: string;
  readonly topRows: number;
  readonly p05: number | null;
  readonly p25: number | null;
  readonly p75: number | null;
  readonly p95: number | null;
  readonly kind: "number" | "text" | "empty" | "unknown";
}

/** The digests of the input of a complete run. Empty: not recorded. */
export interface InputContent {
  readonly isoWeek: string;
  readonly sourceDigest: string;
  readonly contentDigest: string;
}

const ORDER: readonly CheckOutcome[] = ["failed", "not_possible", "passed"];

/** Orders checks by their outcome: failed, not possible, passed. Checks of the same outcome keep their order. */
export function orderChecks(checks: readonly RunCheck[]): readonly RunCheck[] {
  return checks.toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
}

export const failedChecks = (checks: readonly RunCheck[]): readonly RunCheck[] =>
  checks.filter(({ outcome }) => outcome === "failed");

/** Returns the failed checks that are not among the failed checks which somebody approved. */
export function unapprovedChecks(checks: readonly RunCheck[], approved: readonly RunCheck[]): readonly RunCheck[] {
  const keyOf = ({ kind, column }: RunCheck): string => `${kind}/${column}`;
  const known = new Set(failedChecks(approved).map(keyOf));
  return failedChecks(checks).filter((check) => !known.has(keyOf(check)));
}

const WORDS: Readonly<Record<CheckKind, string>> = {
  rows: "number of rows",
  suppliers: "number of suppliers",
  same_content: "content identical to that of another week",
  missing_column: "a column without values",
  constant_column: "a column with one value",
  unit: "another unit",
  renamed_column: "renamed columns",
  rejected_rows: "share of rejected rows",
};

/** Maximum number of checks that a text names. */
const MAX_NAMED = 5;

/** Describes failed checks in one sentence without a full stop. */
export function describeChecks(failed: readonly RunCheck[]): string {
  const named = failed.slice(0, MAX_NAMED).map(({ kind, column, detail }) => {
    const what = `${WORDS[kind]}${column === "" ? "" : ` (${column})`}`;
    return detail === "" ? what : `${what}: ${detail.replace(/\.$/, "")}`;
  });
  const more = failed.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join("; ");
}
