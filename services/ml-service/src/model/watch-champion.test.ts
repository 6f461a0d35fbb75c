import { expect, test, vi } from "vitest";
import { watchChampion } from "./watch-champion.ts";

test("watchChampion waits for the first check, and reports a rejection once until the outcome changes", async () => {
  // The outcome of each check; the last one repeats.
  const looks = ["a", "a", "b", "b", "swapped", "unchanged", "b", "b", "b"];
  const said: string[] = [];
  let looked = 0;
  const refreshChampion = async () => {
    const outcome = looks[Math.min(looked++, looks.length - 1)];
    if (outcome === "swapped" || outcome === "unchanged") return outcome;
    throw new Error(outcome);
  };
  const log = {
    swapped: () => void said.push("swapped"),
    rejected: (error: unknown) => void said.push(String(error)),
  };
  const stopped = new AbortController();
  await watchChampion(refreshChampion, 1, log, stopped.signal);
  expect(said).toEqual(["Error: a"]);
  await vi.waitFor(() => expect(looked).toBeGreaterThan(looks.length));
  expect(said).toEqual(["Error: a", "Error: b", "swapped", "Error: b"]);
  stopped.abort();
});
