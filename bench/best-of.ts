/**
 * Returns the shortest time of one run in ms: the shortest of `turns` repetitions, after a warm-up. Each
 * repetition takes `turnMs` and consists of many runs.
 */
export async function bestOf(run: () => unknown, turns = 3, turnMs = 500): Promise<number> {
  const [best] = await bestOfEach([run], turns, turnMs);
  return best ?? Number.NaN;
}

/**
 * Measures the times of several functions to compare them. Their runs alternate, so that other load on the
 * machine slows all functions equally.
 */
export async function bestOfEach(runs: readonly (() => unknown)[], turns = 3, turnMs = 500): Promise<number[]> {
  const best = runs.map(() => Number.POSITIVE_INFINITY);
  const times = [];
  for (const run of runs) {
    await run();
    const start = performance.now();
    await run();
    times.push(Math.max(1, Math.floor(turnMs / (performance.now() - start))));
  }
  for (let turn = 0; turn < turns; turn++) {
    for (const [i, run] of runs.entries()) {
      const count = times[i] ?? 1;
      const start = performance.now();
      for (let n = 0; n < count; n++) await run();
      best[i] = Math.min(best[i] ?? Number.POSITIVE_INFINITY, (performance.now() - start) / count);
    }
  }
  return best;
}
