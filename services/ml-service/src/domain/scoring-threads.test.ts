import { failedStart } from "@bellwether/testing/service-process";
import { expect, test } from "vitest";
import { defaultScoringThreads } from "./scoring-threads.ts";

const MIB = 2 ** 20;

test.each([
  ["one core less than there are, with memory enough", 4, 64_000, 0, 3],
  ["one on a single core", 1, 64_000, 0, 1],
  ["as many as half of the limit holds", 32, 64_000, 1_024, 8],
  ["one less just below that", 32, 64_000, 1_023, 7],
  ["one under a limit that holds none", 32, 64_000, 64, 1],
  ["as many as half of the machine's memory holds, without a limit", 32, 1_024, 0, 8],
  ["those of the machine when the limit is larger, as cgroup v1 says for none", 4, 64_000, 2 ** 43, 3],
])("%s", (_, cores, memoryMib, limitMib, threads) => {
  const machine = { cores, memoryBytes: memoryMib * MIB, memoryLimitBytes: limitMib * MIB };
  expect(defaultScoringThreads(machine)).toBe(threads);
});

test.each(["0", "257", "many"])("SCORING_THREADS=%s stops the start, and the error names the range", async (value) => {
  const { code, lines } = await failedStart("ml-service", { SCORING_THREADS: value });
  expect([code, lines.join("\n")]).toEqual([1, expect.stringContaining("SCORING_THREADS: found")]);
  expect(lines.join("\n")).toContain("an integer from 1 to 256");
});
