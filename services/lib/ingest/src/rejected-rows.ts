/**
 * The stage at which a row was rejected. "reading": the file was parsed and its values were cast to their
 * types. "mapping": the row's key, date, label or a value of the mapping's SQL was invalid. "validating": a
 * rule of the model (range, length, missing) rejected it.
 */
export type RejectStage = "reading" | "mapping" | "validating";

/** One rejected row, as shown to people. */
export interface RejectedSample {
  /** Table name of the mapping; `rows` for rows that failed after the mapping's SQL. */
  readonly source: string;
  /** File name below the data folder; empty when the row does not come from a single file. */
  readonly file: string;
  /**
   * Line of a CSV file at which the row begins, 1 for the first; row number in a Parquet file; null when
   * unknown.
   */
  readonly line: number | null;
  /** The invalid column, feature or attribute; null when the whole row is invalid. */
  readonly column: string | null;
  readonly reason: string;
  /** The invalid value or line, truncated to `MAX_SAMPLE_TEXT` characters. */
  readonly text: string;
}

/** Rows that were rejected for the same reason. */
export interface RejectedReason {
  readonly stage: RejectStage;
  readonly source: string;
  readonly column: string | null;
  readonly reason: string;
  readonly rows: number;
}

/** All rejected rows. */
export interface RejectedRows {
  /** Number of all rejected rows: the sum of `byStage`, of `bySource` and of `reasons`. */
  readonly count: number;
  /**
   * Part of `count`: rows that repeat an accepted row in every mapped value, so that no information is lost.
   */
  readonly repeated: number;
  readonly byStage: Readonly<Record<RejectStage, number>>;
  /** Source → rows; sources without rejected rows are left out. */
  readonly bySource: Readonly<Record<string, number>>;
  readonly reasons: readonly RejectedReason[];
  readonly samples: readonly RejectedSample[];
}

/** Maximum number of characters shown of a rejected line or value. */
export const MAX_SAMPLE_TEXT = 200;

/** Rejected rows of one reason, before they are summed up. */
export type ReasonCount = Omit<RejectedReason, "source"> & { readonly isRepeated?: boolean };

/** Collects the rows rejected at reading and mapping. */
export class RejectedCollector {
  readonly #reasons = new Map<string, RejectedReason>();
  readonly #samples: RejectedSample[] = [];
  readonly #maxSamples: number;
  #repeated = 0;

  /** @param maxSamples Maximum number of samples per source. */
  constructor(maxSamples: number) {
    this.#maxSamples = maxSamples;
  }

  add(source: string, reasons: readonly ReasonCount[], samples: readonly RejectedSample[]): void {
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

/**
 * Returns at most `max` samples in their order: the first sample of each reason, then the earliest of the
 * others.
 */
function chooseSamples(samples: readonly RejectedSample[], max: number): RejectedSample[] {
  const seen = new Set<string>();
  const ranked = samples.map((sample, place) => {
    // The text after the reason is specific to one record.
    const reason = `${sample.column} ${sample.reason.split(";", 1)[0]}`;
    const isFirst = !seen.has(reason);
    seen.add(reason);
    return { sample, place, isFirst };
  });
  const chosen = ranked.toSorted((a, b) => Number(b.isFirst) - Number(a.isFirst) || a.place - b.place).slice(0, max);
  return chosen.sort((a, b) => a.place - b.place).map(({ sample }) => sample);
}
