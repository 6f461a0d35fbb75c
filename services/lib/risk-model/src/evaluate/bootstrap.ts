import { createRandom } from "../random.ts";
import { createRanking } from "./metrics.ts";

const RESAMPLES = 1_000;

/**
 * Yields the row weights of one resample after the other. A resample draws suppliers with replacement, as
 * many as there are, and the weight of a row is the number of times its supplier was drawn. Each resample
 * overwrites the same array.
 */
export function* resampleSuppliers(
  supplierIds: readonly string[],
  seed: number,
  draws = RESAMPLES,
): Generator<Float64Array, void> {
  const index = new Map<string, number>();
  const supplierOf = Uint32Array.from(supplierIds, (id) => {
    const known = index.get(id);
    if (known !== undefined) return known;
    index.set(id, index.size);
    return index.size - 1;
  });
  if (index.size < 2) return;
  const random = createRandom(seed, "bootstrap");
  const drawn = new Float64Array(index.size);
  const weights = new Float64Array(supplierIds.length);
  for (let draw = 0; draw < draws; draw++) {
    drawn.fill(0);
    for (let k = 0; k < drawn.length; k++) {
      const supplier = random.below(drawn.length);
      drawn[supplier] += 1;
    }
    for (let row = 0; row < weights.length; row++) weights[row] = drawn[supplierOf[row]];
    yield weights;
  }
}

/**
 * Returns the 95 % percentile interval of the AUC. Rows of one supplier are not independent, so whole
 * suppliers are resampled (cluster bootstrap; Efron & Tibshirani 1993, §8). A resample with only one class is
 * drawn again, up to a limit.
 * @returns [low, high], or null when there are fewer than two suppliers or only one class.
 */
export function aucInterval(
  scores: Float64Array,
  labels: Uint8Array,
  supplierIds: readonly string[],
  seed: number,
): readonly [number, number] | null {
  const ranking = createRanking(scores, labels);
  if (Number.isNaN(ranking.auc())) return null;
  const values: number[] = [];
  for (const weights of resampleSuppliers(supplierIds, seed, 4 * RESAMPLES)) {
    const auc = ranking.auc(weights);
    if (!Number.isNaN(auc)) values.push(auc);
    if (values.length === RESAMPLES) break;
  }
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  const at = (share: number): number => values[Math.min(values.length - 1, Math.floor(share * values.length))];
  return [at(0.025), at(0.975)];
}
