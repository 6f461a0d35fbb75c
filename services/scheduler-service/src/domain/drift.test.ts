import type { SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import { expect, test } from "vitest";
import { measureDrift, profileFeatures } from "./drift.ts";

const none: (string | null)[] = [];
/** Returns chunks of 100 rows: `delay` starts at `value`, `region` alternates. */
function week(
  rows: number,
  value: (i: number) => number,
  region = (i: number): string | null => ["n", "s"][i % 2] ?? null,
) {
  return async function* (): AsyncGenerator<SnapshotChunk> {
    for (let index = 0; index * 100 < rows; index++) {
      const ids = Array.from({ length: Math.min(100, rows - index * 100) }, (_, i) => index * 100 + i);
      yield {
        index,
        rows: ids.length,
        supplierIds: ids.map(String),
        asOfDays: null,
        numbers: new Map([["delay", Float64Array.from(ids, value)]]),
        categories: new Map([["region", ids.map(region)]]),
        texts: null,
        attributes: { displayName: none, region: none, category: none, owner: none, exposure: new Float64Array() },
      };
    }
  };
}

test("the same week has no drift; a shifted feature has drift and comes first", async () => {
  const reference = await profileFeatures(
    week(1_000, (i) => i % 100),
    1_000,
  );
  const same = await measureDrift(
    reference,
    week(1_000, (i) => (i * 7) % 100),
  );
  expect(same).toEqual([
    { feature: "delay", psi: 0 },
    { feature: "region", psi: 0 },
  ]);
  const moved = await measureDrift(
    reference,
    week(1_000, (i) => (i % 100) + 60),
  );
  expect(moved[0]?.feature).toBe("delay");
  expect(moved[0]?.psi).toBeGreaterThan(0.25);
});

test("values that become missing and new regions count as drift", async () => {
  const reference = await profileFeatures(
    week(1_000, (i) => i % 100),
    1_000,
  );
  const present = week(
    1_000,
    (i) => (i % 2 ? Number.NaN : i % 100),
    (i) => (i % 2 ? "east" : null),
  );
  for (const { psi } of await measureDrift(reference, present)) expect(psi).toBeGreaterThan(0.25);
});

test("every row is counted once, although only some are sampled for the bins", async () => {
  const [delay] = await profileFeatures(
    week(250_050, (i) => i % 1_000),
    250_050,
  );
  expect(delay?.counts.reduce((sum, n) => sum + n, 0)).toBe(250_050);
  expect(delay?.counts).toHaveLength(11);
});
