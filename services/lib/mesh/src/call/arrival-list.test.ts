import v8 from "node:v8";
import vm from "node:vm";
import { expect, test } from "vitest";
import { ArrivalList } from "./arrival-list.ts";

test("values come in order of arrival, without those that were removed", () => {
  const list = new ArrivalList<string>();
  expect(list.first()).toBeUndefined();
  const [a, b] = [list.add("a"), list.add("b"), list.add("c"), list.add("d")];
  list.remove(b);
  list.remove(b);
  expect([list.size, list.first(), list.latestFirst()]).toEqual([3, "a", ["d", "c", "a"]]);
  list.remove(a);
  expect([list.size, list.first(), list.latestFirst()]).toEqual([2, "c", ["d", "c"]]);
});

test("a list agrees with a Set through 100,000 additions and removals, and its places stay bounded", () => {
  const [list, set] = [new ArrivalList<number>(), new Set<number>()];
  const entries = new Map<number, ReturnType<typeof list.add>>();
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const remove = (value: number): void => {
    const entry = entries.get(value);
    if (entry) list.remove(entry);
    entries.delete(value);
    set.delete(value);
  };
  for (let i = 0; i < 100_000; i++) {
    entries.set(i, list.add(i));
    set.add(i);
    // The oldest, one in the middle, or none; now and then all.
    if (random(4) > 0) remove(set.values().next().value ?? -1);
    if (random(3) === 0) remove([...set][random(set.size || 1)] ?? -1);
    if (random(5_000) === 0) for (const value of [...set]) remove(value);
    if (list.size !== set.size || list.first() !== set.values().next().value) throw new Error(`differs at ${i}`);
  }
  expect(list.latestFirst()).toEqual([...set].reverse());
});

test("collections of young objects free the values that were removed", () => {
  v8.setFlagsFromString("--expose-gc");
  const collect: (options: { type: "minor" | "major" }) => void = vm.runInNewContext("gc");
  const list = new ArrivalList<object>();
  list.add({});
  // The list is in the old generation then, as that of a server that has run for some time.
  for (let i = 0; i < 2; i++) collect({ type: "major" });
  const usedBefore = v8.getHeapStatistics().used_heap_size;
  for (let round = 0; round < 625; round++) {
    const entries = Array.from({ length: 16 }, () => list.add({ payload: new Array(1_000).fill(round) }));
    for (const entry of entries) list.remove(entry);
    if (round % 16 === 0) collect({ type: "minor" });
  }
  collect({ type: "minor" });
  // 10,000 values of 8 KB went through the list.
  expect(v8.getHeapStatistics().used_heap_size - usedBefore).toBeLessThan(16e6);
});
