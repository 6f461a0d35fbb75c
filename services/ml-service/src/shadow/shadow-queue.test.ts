import { expect, test } from "vitest";
import type { ShadowDropReason, ShadowRow } from "../domain/shadow.ts";
import { createShadowQueue } from "./shadow-queue.ts";

const rowOf = (supplierId: string, text = "", atMs = 1_000): ShadowRow => ({
  ...{ supplierId, atMs },
  input: { features: {}, categories: {}, text },
  champion: { value: 0.5, band: "medium", reasons: null },
});
function queueWith(limits: Partial<Parameters<typeof createShadowQueue>[0]> = {}) {
  const dropped: [ShadowDropReason, number][] = [];
  let now = 1_000;
  const wait = (ms: number): void => {
    now += ms;
  };
  const queue = createShadowQueue(
    { maxRows: 3, maxBytes: 1_000_000, maxAgeMs: 500, ...limits },
    (reason, rows) => void dropped.push([reason, rows]),
    () => now,
  );
  return { queue, dropped, wait };
}
const ids = (rows: readonly ShadowRow[]): string[] => rows.map(({ supplierId }) => supplierId);

test("the row above the limit is dropped and counted, and there is room again when rows were taken", () => {
  const { queue, dropped } = queueWith();
  for (const id of ["a", "b", "c", "d"]) queue.put(rowOf(id));
  expect(dropped).toEqual([["queue_full", 1]]);
  expect(queue.hasRoom()).toBe(false);
  expect(ids(queue.take(2, 1e9))).toEqual(["a", "b"]);
  expect([queue.hasRoom(), queue.size()]).toEqual([true, 1]);
  queue.put(rowOf("e"));
  expect(ids(queue.take(9, 1e9))).toEqual(["c", "e"]);
});

test("rows above the limit of bytes are dropped, and a task has at most its bytes unless its first row is larger", () => {
  const { queue, dropped } = queueWith({ maxBytes: 30_000 });
  queue.put(rowOf("a", "x".repeat(5_000)));
  queue.put(rowOf("b", "x".repeat(5_000)));
  queue.put(rowOf("c", "x".repeat(5_000)));
  expect(dropped).toEqual([["queue_full", 1]]);
  expect(ids(queue.take(9, 1_000))).toEqual(["a"]);
  expect(ids(queue.take(9, 1_000))).toEqual(["b"]);
  expect(queue.take(9, 1_000)).toEqual([]);
});

test("a row that waited as long as the limit is taken, an older one is dropped", () => {
  const { queue, dropped, wait } = queueWith();
  queue.put(rowOf("a", "", 999));
  queue.put(rowOf("b"));
  wait(500);
  expect(ids(queue.take(9, 1e9))).toEqual(["b"]);
  expect(dropped).toEqual([["too_old", 1]]);
});

test("rows of a pair that has changed are dropped together", () => {
  const { queue, dropped } = queueWith();
  queue.put(rowOf("a"));
  queue.put(rowOf("b"));
  queue.clear("versions_changed");
  queue.clear("versions_changed");
  expect(dropped).toEqual([["versions_changed", 2]]);
  expect(queue.size()).toBe(0);
});
