import type { FeatureChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import {
  type BinCounts,
  categoryBins,
  countValues,
  emptyCounts,
  type FeatureBins,
  numericBins,
} from "@bellwether/risk-model/drift/feature-profile";
import { populationStabilityIndex } from "@bellwether/risk-model/drift/psi";

/** Distribution of the values of a feature over the suppliers of a week. */
export interface FeatureProfile {
  readonly bins: FeatureBins;
  readonly counts: BinCounts;
}

/** Difference between two distributions of a feature. */
export interface Drift {
  readonly feature: string;
  /** Population stability index, 0 or more. */
  readonly psi: number;
}

/**
 * Number of rows that are sampled for the deciles. With this number the error of a decile is a third of a
 * percent; more rows would only need more memory.
 */
const SAMPLE_ROWS = 100_000;

/**
 * Opens the week's chunks, beginning with the first one. The function is called once for each pass over the
 * rows.
 */
export type ChunkReader = () => AsyncIterable<FeatureChunk>;

/**
 * Computes the distribution of every numeric and categorical feature, with bins made from its own values.
 * Reads the week twice.
 */
export async function profileFeatures(chunks: ChunkReader, rows: number): Promise<FeatureProfile[]> {
  return countFeatures(await binFeatures(chunks, rows), chunks);
}

/**
 * Computes the population stability index of each feature that `reference` has, largest first. Reads the week
 * once.
 * @param reference distributions of an earlier week, whose bins are used
 */
export async function measureDrift(reference: readonly FeatureProfile[], chunks: ChunkReader): Promise<Drift[]> {
  const present = await countFeatures(
    reference.map(({ bins }) => bins),
    chunks,
  );
  return present
    .map(({ bins, counts }, i) => ({
      feature: bins.feature,
      psi: populationStabilityIndex(reference[i]?.counts ?? [], counts),
    }))
    .sort((a, b) => b.psi - a.psi || (a.feature < b.feature ? -1 : 1));
}

/** Samples every n-th row, so that the bins do not depend on the order of the file. */
async function binFeatures(chunks: ChunkReader, rows: number): Promise<FeatureBins[]> {
  const step = Math.max(1, Math.ceil(rows / SAMPLE_ROWS));
  const numbers = new Map<string, number[]>();
  const categories = new Map<string, (string | null)[]>();
  let first = 0;
  for await (const chunk of chunks()) {
    for (const [name, column] of chunk.numbers) sample(numbers, name, column, first, step);
    for (const [name, column] of chunk.categories) sample(categories, name, column, first, step);
    first = (first + chunk.rows) % step;
  }
  return [
    ...[...numbers].map(([name, values]) => numericBins(name, Float64Array.from(values))),
    ...[...categories].map(([name, values]) => categoryBins(name, values)),
  ];
}

function sample<T>(samples: Map<string, T[]>, name: string, column: ArrayLike<T>, first: number, step: number): void {
  const values = samples.get(name) ?? [];
  samples.set(name, values);
  for (let row = (step - first) % step; row < column.length; row += step) {
    const value = column[row];
    if (value !== undefined) values.push(value);
  }
}

async function countFeatures(bins: readonly FeatureBins[], chunks: ChunkReader): Promise<FeatureProfile[]> {
  const profiles = bins.map((one) => ({ bins: one, counts: emptyCounts(one) }));
  for await (const chunk of chunks()) {
    for (const { bins, counts } of profiles) {
      const column = bins.kind === "numeric" ? chunk.numbers.get(bins.feature) : chunk.categories.get(bins.feature);
      if (column) countValues(bins, column, counts);
    }
  }
  return profiles;
}
