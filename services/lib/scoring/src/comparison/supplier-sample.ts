import { rankOf } from "./supplier-hash.ts";

/** The latest row of one supplier of the sample. Values are NaN when the row has none. */
export interface SampledSupplier {
  /** Place in the order of `rankOf`; names the supplier. */
  readonly rank: number;
  readonly atMs: number;
  readonly champion: number;
  readonly challenger: number;
}

/**
 * A random sample of suppliers, each with its latest row: those with the smallest ranks (bottom-k sample; Cohen & Kaplan, "Summarizing
 * data using bottom-k sketches", PODC 2007). The same suppliers are chosen on every replica, so that samples can be merged.
 */
export interface SupplierSample {
  put(row: SampledSupplier): void;
  /** The sampled suppliers in the order of their ranks, at most SAMPLE_SUPPLIERS. */
  suppliers(): SampledSupplier[];
  /** Number of different suppliers: exact up to SAMPLE_SUPPLIERS, above it an estimate with a standard error of about 2 %. */
  count(): SupplierCount;
}

/** Number of different suppliers. */
export interface SupplierCount {
  readonly suppliers: number;
  readonly isExact: boolean;
}

/** Maximum number of suppliers of a sample. */
export const SAMPLE_SUPPLIERS = 2_048;
const RANKS = 2 ** 53;

/** Creates an empty sample. */
export function createSupplierSample(): SupplierSample {
  let kept = new Map<number, SampledSupplier>();
  /** Suppliers with this rank or a larger one are not in the sample. */
  let limit = RANKS;
  const cut = (): void => {
    if (kept.size <= SAMPLE_SUPPLIERS) return;
    const sorted = [...kept.values()].sort((a, b) => a.rank - b.rank);
    limit = sorted[SAMPLE_SUPPLIERS]?.rank ?? limit;
    kept = new Map(sorted.slice(0, SAMPLE_SUPPLIERS).map((row) => [row.rank, row]));
  };
  return {
    put(row) {
      if (row.rank >= limit) return;
      const known = kept.get(row.rank);
      if (known !== undefined && known.atMs > row.atMs) return;
      kept.set(row.rank, row);
      // Sorting once per SAMPLE_SUPPLIERS new suppliers.
      if (kept.size >= 2 * SAMPLE_SUPPLIERS) cut();
    },
    suppliers() {
      cut();
      return [...kept.values()].sort((a, b) => a.rank - b.rank);
    },
    count() {
      cut();
      if (limit === RANKS) return { suppliers: kept.size, isExact: true };
      // The estimator of the k minimum values: Beyer et al., "On synopses for distinct-value estimation", SIGMOD 2007.
      return { suppliers: Math.round((kept.size * RANKS) / limit), isExact: false };
    },
  };
}

/** Returns a supplier of a sample. Null values become NaN. */
export const sampledSupplier = (
  supplierId: string,
  atMs: number,
  champion: number | null,
  challenger: number | null,
): SampledSupplier => ({
  rank: rankOf(supplierId),
  atMs,
  champion: champion ?? Number.NaN,
  challenger: challenger ?? Number.NaN,
});
