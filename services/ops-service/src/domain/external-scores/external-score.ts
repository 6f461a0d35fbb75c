import type { ExternalSource } from "@bellwether/config/external-sources";
import { isIsoDate } from "@bellwether/config/iso-date";

/** A score that is to be stored. */
export interface ExternalScoreRow {
  readonly supplierId: string;
  readonly score: number;
  /** Day as text, as it was sent. */
  readonly asOf: string;
}

/** Why a row was rejected. */
export type RejectionReason =
  | "not_a_number"
  | "outside_scale"
  | "invalid_day"
  | "future_day"
  | "unknown_supplier"
  | "contradicted"
  | "stored_differently";

/** A rejected row. */
export interface RejectedRow {
  /** Index of the row, from 0. */
  readonly row: number;
  readonly reason: RejectionReason;
  /** One sentence for people. */
  readonly message: string;
}

/** A row that can be stored. */
export type CheckedRow = ExternalScoreRow & { readonly row: number };

/**
 * Checks rows of a source by themselves and against each other.
 * @param today day in UTC
 */
export function checkRows(
  rows: readonly ExternalScoreRow[],
  source: ExternalSource,
  today: string,
): { readonly checked: readonly CheckedRow[]; readonly rejected: readonly RejectedRow[] } {
  const rejected: RejectedRow[] = [];
  const bySubject = new Map<string, CheckedRow[]>();
  for (const [row, one] of rows.entries()) {
    const wrong = violationOf(one, source, today);
    if (wrong) rejected.push({ row, ...wrong });
    else {
      const key = JSON.stringify([one.supplierId, one.asOf]);
      bySubject.set(key, [...(bySubject.get(key) ?? []), { ...one, row }]);
    }
  }
  const checked: CheckedRow[] = [];
  for (const same of bySubject.values()) {
    const isOneScore = same.every(({ score }) => score === same[0]?.score);
    if (isOneScore) checked.push(...same);
    else for (const { row } of same) rejected.push({ row, ...CONTRADICTED });
  }
  return { checked: checked.sort((a, b) => a.row - b.row), rejected: rejected.sort((a, b) => a.row - b.row) };
}

const CONTRADICTED = {
  reason: "contradicted",
  message: "another row has the same supplier and day with another score; leave one of them out",
} as const;

function violationOf(
  { score, asOf }: ExternalScoreRow,
  { min, max }: ExternalSource,
  today: string,
): Omit<RejectedRow, "row"> | undefined {
  if (!Number.isFinite(score)) return { reason: "not_a_number", message: "the score is not a finite number" };
  if (score < min || score > max)
    return { reason: "outside_scale", message: `the score ${score} is outside of the scale ${min} to ${max}` };
  if (!isIsoDate(asOf))
    return { reason: "invalid_day", message: `${JSON.stringify(asOf)} is not a day, for example 2026-06-30` };
  if (asOf > today) return { reason: "future_day", message: `${asOf} is in the future; today is ${today} in UTC` };
  return undefined;
}

/** The latest stored score of a supplier from one source. */
export interface StoredExternalScore {
  readonly source: string;
  readonly score: number;
  /** ISO day. */
  readonly asOf: string;
  /** The merged supplier that has the score. Empty: the supplier itself. */
  readonly supplierId: string;
}

/** What is shown of a source beside the risk score of a supplier. */
export interface ShownExternalScore {
  readonly source: ExternalSource;
  /** Null: it is missing, and `missing` says why. */
  readonly score: number | null;
  readonly missing: "none" | "stale" | "outside_scale" | null;
  /** Empty: there was no score. */
  readonly asOf: string;
  readonly ageDays: number;
  /** The merged supplier that has the score. Empty: the supplier itself. */
  readonly scoredSupplierId: string;
}

const DAY_MS = 86_400_000;

/** Returns what is shown of each source. A score that is too old is missing: it is never shown as a number. */
export function shownScores(
  sources: readonly ExternalSource[],
  stored: readonly StoredExternalScore[],
  now: Date,
): readonly ShownExternalScore[] {
  return sources.map((source) => {
    const found = stored.find((one) => one.source === source.name);
    if (!found) return { source, score: null, missing: "none", asOf: "", ageDays: 0, scoredSupplierId: "" };
    const { score, asOf, supplierId: scoredSupplierId } = found;
    const ageDays = Math.max(0, Math.floor((now.getTime() - Date.parse(asOf)) / DAY_MS));
    const isOutside = score < source.min || score > source.max;
    const missing = ageDays > source.staleAfterDays ? "stale" : isOutside ? "outside_scale" : null;
    return { source, score: missing === null ? score : null, missing, asOf, ageDays, scoredSupplierId };
  });
}

/** The risk policy has no source with the name. */
export class ExternalSourceNotFoundError extends Error {
  override readonly name = "ExternalSourceNotFoundError" as const;
  constructor(source: string, known: readonly string[]) {
    const list = known.length === 0 ? "there are none" : `there are: ${known.join(", ")}`;
    super(`external_scores in the risk policy has no source ${JSON.stringify(source)}; ${list}`);
  }
}
