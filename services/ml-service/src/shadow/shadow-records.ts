import {
  type ComparisonSummary,
  type ComparisonSums,
  createSummary,
} from "@bellwether/scoring/comparison/comparison-sums";
import { segmentsOf } from "@bellwether/scoring/comparison/segment-names";
import type { ComparedVersion, ShadowDropReason, ShadowOutcome, ShadowRow } from "../domain/shadow.ts";

/** Why the challenger rejected rows: the reason of the error with the first field, and the number of rows. */
export interface RejectedRows {
  readonly reason: string;
  /** Path of the field in the first of these rows, for example "supplier.features.x". */
  readonly field: string;
  readonly rows: number;
}

/** What a replica knows about one pair of versions, since it began to compare them. */
export interface PairReport {
  readonly champion: ComparedVersion;
  readonly challenger: ComparedVersion;
  readonly sinceMs: number;
  /** Rows that were chosen by the share, dropped ones included. */
  readonly chosen: number;
  readonly dropped: ReadonlyMap<ShadowDropReason, number>;
  /** Rows that the challenger rejects: after a promotion, these calls would fail. */
  readonly rejected: readonly RejectedRows[];
  /** Rows at which the challenger failed with an unexpected error, and the last one. */
  readonly failed: number;
  readonly lastFailure: string;
  readonly sums: ComparisonSums;
}

/** The comparison of one pair of versions. */
export interface PairRecord {
  readonly key: string;
  choose(): void;
  drop(reason: ShadowDropReason, rows: number): void;
  /** Adds the outcomes of rows. */
  add(rows: readonly ShadowRow[], outcomes: readonly ShadowOutcome[]): void;
  report(): PairReport;
}

/** Different reasons of rejection that are counted by themselves; the others are counted together. */
const MAX_REASONS = 16;
const OTHER = "OTHER";
/** Longest text of an error that is kept, characters. */
const MAX_TEXT = 200;
/** Pairs that are kept. */
const MAX_PAIRS = 4;

/** The pairs that this replica has compared, newest first; the oldest ones are forgotten. */
export interface ShadowRecords {
  /** Returns the record of a pair: the known one, or a new one. */
  open(champion: ComparedVersion, challenger: ComparedVersion, segments: readonly string[]): PairRecord;
  reports(): PairReport[];
}

/** Creates empty records. */
export function createShadowRecords(now: () => number): ShadowRecords {
  let pairs: readonly PairRecord[] = [];
  return {
    open(champion, challenger, segments) {
      const key = [champion, challenger].flatMap(({ version, modelDigest }) => [version, modelDigest]).join(" ");
      const known = pairs.find((pair) => pair.key === key) ?? createRecord(key, champion, challenger, segments, now());
      pairs = [known, ...pairs.filter((pair) => pair !== known)].slice(0, MAX_PAIRS);
      return known;
    },
    reports: () => pairs.map((pair) => pair.report()),
  };
}

function createRecord(
  key: string,
  champion: ComparedVersion,
  challenger: ComparedVersion,
  segments: readonly string[],
  sinceMs: number,
): PairRecord {
  const summary: ComparisonSummary = createSummary(segments);
  const dropped = new Map<ShadowDropReason, number>();
  const rejected = new Map<string, { field: string; rows: number }>();
  let chosen = 0;
  let failed = 0;
  let lastFailure = "";
  const reject = (reason: string, field: string): void => {
    const name = rejected.has(reason) || rejected.size < MAX_REASONS ? reason : OTHER;
    const known = rejected.get(name) ?? { field: field.slice(0, MAX_TEXT), rows: 0 };
    known.rows++;
    rejected.set(name, known);
  };
  return {
    key,
    choose: () => void chosen++,
    drop: (reason, rows) => void dropped.set(reason, (dropped.get(reason) ?? 0) + rows),
    add(rows, outcomes) {
      for (const [at, row] of rows.entries()) {
        const outcome = outcomes[at];
        if (outcome?.kind === "rejected") reject(outcome.reason, outcome.field);
        else if (outcome?.kind === "scored") {
          const { supplierId, atMs, champion, input } = row;
          const { answer, times } = outcome;
          const segments = segmentsOf(input.categories);
          summary.add({ supplierId, atMs, champion, challenger: answer, times, segments });
        } else {
          failed++;
          lastFailure = (outcome?.message ?? "the thread did not answer for the row").slice(0, MAX_TEXT);
        }
      }
    },
    report: () => ({
      ...{ champion, challenger, sinceMs, chosen, failed, lastFailure },
      dropped: new Map(dropped),
      rejected: [...rejected].map(([reason, { field, rows }]) => ({ reason, field, rows })),
      sums: summary.sums(),
    }),
  };
}
