/** One row that was set aside, as shown to people. */
export interface RejectedSample {
  /** Table name of the mapping; `rows` for rows that failed after the mapping's SQL. */
  readonly source: string;
  /** File name below the data folder; empty when the row comes from no single file. */
  readonly file: string;
  /** Record number in the file, the header being 1 and blank lines not counted; null when unknown. */
  readonly line: number | null;
  /** Column, feature or attribute at fault; null when the whole row is. */
  readonly column: string | null;
  readonly reason: string;
  /** The value or line at fault, cut to `MAX_SAMPLE_TEXT` characters. */
  readonly text: string;
}

/** Rows that were set aside. */
export interface RejectedRows {
  readonly count: number;
  /** Of these, rows that repeat an earlier row of the same supplier (and date) in every mapped value: nothing is lost with them. */
  readonly repeated: number;
  /** Source → rows; sources without any are left out. */
  readonly bySource: Readonly<Record<string, number>>;
  readonly samples: readonly RejectedSample[];
}

/** Characters of a rejected line or value that are shown. */
export const MAX_SAMPLE_TEXT = 200;

/** Adds up what was set aside while reading. */
export class RejectedCollector {
  readonly #bySource = new Map<string, number>();
  readonly #samples: RejectedSample[] = [];
  readonly #maxSamples: number;
  #repeated = 0;

  /** @param maxSamples samples kept per source */
  constructor(maxSamples: number) {
    this.#maxSamples = maxSamples;
  }

  add(source: string, count: number, samples: readonly RejectedSample[]): void {
    if (count === 0) return;
    this.#bySource.set(source, (this.#bySource.get(source) ?? 0) + count);
    const room = this.#maxSamples - this.#samples.filter((s) => s.source === source).length;
    this.#samples.push(...samples.slice(0, Math.max(0, room)));
  }

  /** Marks rows, added as well, as exact repetitions. */
  addRepeated(count: number): void {
    this.#repeated += count;
  }

  result(): RejectedRows {
    const counts = [...this.#bySource.values()];
    return {
      count: counts.reduce((sum, n) => sum + n, 0),
      repeated: this.#repeated,
      bySource: Object.fromEntries(this.#bySource),
      samples: [...this.#samples],
    };
  }
}
