/**
 * Adjusts p-values so that the probability of at least one false rejection in the whole family is at most the level with
 * which an adjusted value is compared, whatever the dependence between the tests. Source: Holm, "A simple sequentially
 * rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
 * @returns adjusted p-values in the order of the input, at most 1
 */
export function holmAdjusted(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
  const adjusted = new Array<number>(values.length).fill(1);
  let largest = 0;
  for (const [rank, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (values.length - rank) * values[i]));
    adjusted[i] = largest;
  }
  return adjusted;
}
