import { ComparisonSumsSchema } from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { ComparedRow } from "./compared-row.ts";
import { sumsFromProto, sumsToProto } from "./comparison-proto.ts";
import { comparisonStatistics } from "./comparison-statistics.ts";
import { createSummary, MAX_SEGMENTS } from "./comparison-sums.ts";
import { mergeSums } from "./merge-sums.ts";
import { isChosen } from "./shadow-share.ts";
import { createSupplierSample, SAMPLE_SUPPLIERS, sampledSupplier } from "./supplier-sample.ts";

const rowOf = (i: number): ComparedRow => ({
  ...{ supplierId: `S_${i % 5_000}`, atMs: i, times: null, segments: [`region=${i % 3}`] },
  champion: { value: (i % 97) / 97, band: "low", reasons: null },
  challenger: { value: (i % 89) / 89, band: i % 11 === 0 ? "high" : "low", reasons: null },
});
const SEGMENTS = ["region=0", "region=1", "region=2"];
const summaryOf = (rows: readonly ComparedRow[], segments = SEGMENTS) => {
  const summary = createSummary(segments);
  for (const row of rows) summary.add(row);
  return summary.sums();
};
const rows = Array.from({ length: 9_000 }, (_, i) => rowOf(i));

test("the merged sums of two replicas are those of one replica with all rows", () => {
  const all = summaryOf(rows);
  const parts = [summaryOf(rows.filter((_, i) => i % 2 === 0)), summaryOf(rows.filter((_, i) => i % 2 === 1))];
  const merged = mergeSums(parts);
  for (const [at, sum] of all.groups.entries()) expect(merged.groups[at]).toBeCloseTo(sum, 9);
  expect(merged.sample).toEqual(all.sample);
  expect(merged.span).toEqual({ firstMs: 0, lastMs: 8_999 });
  const [one, other] = [comparisonStatistics(merged), comparisonStatistics(all)];
  expect(one.matrix).toEqual(other.matrix);
  expect(one.rankCorrelation).toEqual(other.rankCorrelation);
  expect(Math.abs(one.suppliers / 5_000 - 1)).toBeLessThan(0.08);
});

test("a replica without rows, and segments that only one replica has, change nothing else", () => {
  const all = summaryOf(rows);
  const merged = mergeSums([all, summaryOf([], ["region=9"])]);
  expect(merged.segments).toEqual([...SEGMENTS, "region=9"]);
  expect(comparisonStatistics(merged).segments.tested).toBe(3);
  expect(() => mergeSums([])).toThrow(RangeError);
});

test("sums survive their message bit by bit, and sums of another release are rejected", () => {
  const sums = summaryOf([
    ...rows,
    { ...rowOf(1), supplierId: "none", challenger: { ...rowOf(1).challenger, value: null } },
  ]);
  const sent = fromBinary(
    ComparisonSumsSchema,
    toBinary(ComparisonSumsSchema, create(ComparisonSumsSchema, sumsToProto(sums))),
  );
  expect(sumsFromProto(sent)).toEqual(sums);
  expect(() => sumsFromProto(create(ComparisonSumsSchema, { ...sumsToProto(sums), groups: [1] }))).toThrow(
    "another release",
  );
});

test("a sample keeps the latest row of the same suppliers in any order, and its size is bounded", () => {
  const forward = createSupplierSample();
  const backward = createSupplierSample();
  for (const { supplierId, atMs } of rows) forward.put(sampledSupplier(supplierId, atMs, atMs, 0));
  for (const { supplierId, atMs } of [...rows].reverse()) backward.put(sampledSupplier(supplierId, atMs, atMs, 0));
  expect(forward.suppliers()).toEqual(backward.suppliers());
  expect(forward.suppliers()).toHaveLength(SAMPLE_SUPPLIERS);
  expect(forward.count()).toMatchObject({ isExact: false });
  expect(
    summaryOf(
      [],
      Array.from({ length: 200 }, (_, i) => `region=${i}`),
    ).segments,
  ).toHaveLength(MAX_SEGMENTS);
});

test("the share chooses suppliers: none at 0, all at 1, a tenth at 0.1, the same ones for every row, others for another salt", () => {
  const ids = Array.from({ length: 20_000 }, (_, i) => `S_${i}`);
  const chosen = (share: number, salt: number) => ids.filter((id) => isChosen(id, share, salt));
  expect(chosen(0, 1)).toEqual([]);
  expect(chosen(1, 1)).toEqual(ids);
  expect(chosen(0.1, 1).length).toBeGreaterThan(1_850);
  expect(chosen(0.1, 1).length).toBeLessThan(2_150);
  const other = new Set(chosen(0.1, 2));
  expect(chosen(0.1, 1).filter((id) => other.has(id)).length).toBeLessThan(300);
});
