import { expect, test } from "vitest";
import { allOf, forEachInFlight } from "./in-flight.ts";

async function* numbers(n: number, read: number[] = []) {
  for (let i = 0; i < n; i++) {
    read.push(i);
    yield i;
  }
}
const NEVER = new AbortController().signal;

test("works on all items, and never on more than `limit` at a time", async () => {
  let [running, most] = [0, 0];
  const done: number[] = [];
  const work = async (i: number) => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    done.push(i);
    running--;
  };
  await forEachInFlight(numbers(9), 2, work, NEVER);
  expect(done.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(most).toBe(2);
});

test("reads the next item while `limit` items are in progress, and no further", async () => {
  const read: number[] = [];
  const ends: (() => void)[] = [];
  const work = () => new Promise<void>((resolve) => ends.push(resolve));
  const all = forEachInFlight(numbers(5, read), 2, work, NEVER);
  while (ends.length < 2) await new Promise(setImmediate);
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  expect([ends.length, read]).toEqual([2, [0, 1, 2]]);
  for (let ended = 0; ended < 5; ended++) {
    while (ends.length <= ended) await new Promise(setImmediate);
    ends[ended]?.();
  }
  await all;
  expect(read).toEqual([0, 1, 2, 3, 4]);
});

test("waits for all works, and throws the first error", async () => {
  let ended = false;
  const slow = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    ended = true;
  });
  await expect(allOf([slow, Promise.reject(new Error("first")), Promise.reject(new Error("second"))])).rejects.toThrow(
    "first",
  );
  expect(ended).toBe(true);
  expect(await allOf([Promise.resolve(1), Promise.resolve("a")])).toEqual([1, "a"]);
});

test("stops reading at the first failure, and throws it after the other items have ended", async () => {
  const read: number[] = [];
  let ended = false;
  const work = async (i: number, signal: AbortSignal) => {
    if (i === 1) throw new Error("row 1");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    ended = true;
  };
  await expect(forEachInFlight(numbers(100, read), 2, work, NEVER)).rejects.toThrow("row 1");
  expect(ended).toBe(true);
  expect(read.length).toBeLessThan(5);
});

test("throws a failure of the last item, of the source and of the caller's signal", async () => {
  const last = async (i: number) => {
    if (i === 2) throw new Error("last");
  };
  await expect(forEachInFlight(numbers(3), 2, last, NEVER)).rejects.toThrow("last");
  const broken = (async function* () {
    yield 1;
    throw new Error("source");
  })();
  await expect(forEachInFlight(broken, 2, async () => {}, NEVER)).rejects.toThrow("source");
  const gone = AbortSignal.abort(new Error("stopped"));
  await expect(forEachInFlight(numbers(3), 2, async () => {}, gone)).rejects.toThrow("stopped");
});
