/**
 * Where a row was rejected: while its file was taken apart and its values got their types; for its key, date, label or
 * a value that the mapping's SQL gave; or by a rule of the model (range, length, missing).
 */
export type RejectStage = "reading" | "mapping" | "validating";

/** One row that was rejected, as shown to people. */
export interface RejectedSample {
  /** Table name of the mapping; `rows` for rows that failed after the mapping's SQL. */
  readonly source: string;
  /** File name below the data folder; empty when the row comes from no single file. */
  readonly file: string;
  /** Line of a CSV file at which the row begins, 1 for the first; number of a Parquet file's row; null when unknown. */
  readonly line: number | null;
  /** Column, feature or attribute at fault; null when the whole row is. */
  readonly column: string | null;
  readonly reason: string;
  /** The value or line at fault, cut to `MAX_SAMPLE_TEXT` characters. */
  readonly text: string;
}

/** Rows that were rejected for one reason. */
export interface RejectedReason {
  readonly stage: RejectStage;
  readonly source: string;
  readonly column: string | null;
  readonly reason: string;
  readonly rows: number;
}

/** Rows that were rejected. */
export interface RejectedRows {
  /** All of them: the sum of `byStage`, of `bySource` and of `reasons`. */
  readonly count: number;
  /** Of `count`, rows that repeat an accepted one in every mapped value: nothing is lost with them. */
  readonly repeated: number;
  readonly byStage: Readonly<Record<RejectStage, number>>;
  /** Source → rows; sources without any are left out. */
  readonly bySource: Readonly<Record<string, number>>;
  readonly reasons: readonly RejectedReason[];
  readonly samples: readonly RejectedSample[];
}

/** Characters of a rejected line or value that are shown. */
export const MAX_SAMPLE_TEXT = 200;

/** Rows of one reason, as they are found. */
export type FoundReason = Omit<RejectedReason, "source"> & { readonly isRepeated?: boolean };

/** Adds up what was rejected while reading and mapping. */
export class RejectedCollector {
  readonly #reasons = new Map<string, RejectedReason>();
  readonly #samples: RejectedSample[] = [];
  readonly #maxSamples: number;
  #repeated = 0;

  /** @param maxSamples samples given per source */
  constructor(maxSamples: number) {
    this.#maxSamples = maxSamples;
  }

  add(source: string, reasons: readonly FoundReason[], samples: readonly RejectedSample[]): void {
    for (const { isRepeated = false, ...found } of reasons) {
      if (found.rows === 0) continue;
      const key = JSON.stringify([source, found.stage, found.column, found.reason]);
      const rows = (this.#reasons.get(key)?.rows ?? 0) + found.rows;
      this.#reasons.set(key, { ...found, source, rows });
      if (isRepeated) this.#repeated += found.rows;
    }
    this.#samples.push(...samples);
  }

  result(): RejectedRows {
    const reasons = [...this.#reasons.values()];
    const byStage = { reading: 0, mapping: 0, validating: 0 };
    const bySource: Record<string, number> = {};
    for (const { stage, source, rows } of reasons) {
      byStage[stage] += rows;
      bySource[source] = (bySource[source] ?? 0) + rows;
    }
    return {
      count: reasons.reduce((sum, { rows }) => sum + rows, 0),
      repeated: this.#repeated,
      byStage,
      bySource,
      reasons,
      samples: Object.values(Object.groupBy(this.#samples, ({ source }) => source)).flatMap((samples = []) =>
        chooseSamples(samples, this.#maxSamples),
      ),
    };
  }
}

/** At most `max` samples in their order: the first of each reason, then the first of all. */
function chooseSamples(samples: readonly RejectedSample[], max: number): RejectedSample[] {
  const seen = new Set<string>();
  const ranked = samples.map((sample, place) => {
    // What follows the reason is of one record.
    const reason = `${sample.column} ${sample.reason.split(";", 1)[0]}`;
    const isFirst = !seen.has(reason);
    seen.add(reason);
    return { sample, place, isFirst };
  });
  const chosen = ranked.toSorted((a, b) => Number(b.isFirst) - Number(a.isFirst) || a.place - b.place).slice(0, max);
  return chosen.sort((a, b) => a.place - b.place).map(({ sample }) => sample);
}
