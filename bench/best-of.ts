/** Shortest time of one run in ms: best of `turns` after a warm-up, short runs repeated within a turn. */
export async function bestOf(run: () => unknown, turns = 3, turnMs = 500): Promise<number> {
  await run();
  const once = performance.now();
  await run();
  const times = Math.max(1, Math.floor(turnMs / (performance.now() - once)));
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < turns; turn++) {
    const start = performance.now();
    for (let i = 0; i < times; i++) await run();
    best = Math.min(best, (performance.now() - start) / times);
  }
  return best;
}
