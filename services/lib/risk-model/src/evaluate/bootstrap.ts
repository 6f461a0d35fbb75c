import { createRandom } from "../random.ts";
import { createRanking } from "./metrics.ts";

const RESAMPLES = 1_000;

/**
 * Row weights of resampled suppliers, one draw after the other: each draws as many suppliers as there are, with replacement, and a row
 * weighs as often as its supplier was drawn. The same array is filled again for each draw.
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
      drawn[supplier] = (drawn[supplier] as number) + 1;
    }
    for (let row = 0; row < weights.length; row++) weights[row] = drawn[supplierOf[row] as number] as number;
    yield weights;
  }
}

/**
 * 95 % percentile interval of the AUC, resampling whole suppliers (cluster bootstrap; Efron & Tibshirani 1993, §8), since rows of one
 * supplier are not independent. Resamples with one class only are drawn again, a bounded number of times.
 * @returns [low, high], or null when fewer than two suppliers or one class leave nothing to resample.
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
  const at = (share: number): number =>
    values[Math.min(values.length - 1, Math.floor(share * values.length))] as number;
  return [at(0.025), at(0.975)];
}
