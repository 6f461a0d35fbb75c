import { once } from "node:events";
import v8 from "node:v8";
import vm from "node:vm";
import { expect, it } from "vitest";
import { createFairTurns } from "./fair-turns.ts";

const nextIteration = () => new Promise<void>((resolve) => setImmediate(resolve));

it("connections take turns, and each one's work stays in order", async () => {
  const turns = createFairTurns(() => 0);
  const done: string[] = [];
  const [a, b] = [{}, {}];
  for (const name of ["a1", "a2", "a3"]) turns.add(a, () => done.push(name));
  turns.add(b, () => done.push("b1"));
  expect(done).toEqual([]);
  await nextIteration();
  expect(done).toEqual(["a1", "b1", "a2", "a3"]);
});

it("a turn ends after its time, and the rest runs in later iterations of the event loop", async () => {
  let ms = 0;
  const turns = createFairTurns(() => ms);
  let done = 0;
  for (let i = 0; i < 10; i++)
    turns.add({}, () => {
      done++;
      ms += 2;
    });
  await nextIteration();
  expect(done).toBe(3);
  while (done < 10) await nextIteration();
});

it("a turn has at most 100 pieces of work", async () => {
  const turns = createFairTurns(() => 0);
  let done = 0;
  const connection = {};
  for (let i = 0; i < 250; i++) turns.add(connection, () => done++);
  await nextIteration();
  expect(done).toBe(100);
  while (done < 250) await nextIteration();
});

it("work that is added during a turn runs too", async () => {
  const turns = createFairTurns(() => 0);
  const late = new EventTarget();
  const ran = once(late, "ran");
  const connection = {};
  turns.add(connection, () => turns.add(connection, () => late.dispatchEvent(new Event("ran"))));
  await ran;
});

it("collections of young objects free the work that has run", async () => {
  v8.setFlagsFromString("--expose-gc");
  const collect: (options: { type: "minor" | "major" }) => void = vm.runInNewContext("gc");
  const turns = createFairTurns(() => 0);
  const connections = Array.from({ length: 16 }, () => ({}));
  // The queues are in the old generation then, as those of a server that has run for some time.
  for (let i = 0; i < 2; i++) collect({ type: "major" });
  const usedBefore = v8.getHeapStatistics().used_heap_size;
  let done = 0;
  for (let round = 0; round < 6_250; round++) {
    for (const connection of connections) {
      const payload = new Array<number>(1_000).fill(round);
      turns.add(connection, () => {
        done += payload.length / 1_000;
      });
    }
    await nextIteration();
    if (round % 4 === 0) collect({ type: "minor" });
  }
  collect({ type: "minor" });
  expect(done).toBe(100_000);
  // 100,000 pieces of work with 8 KB each have run.
  expect(v8.getHeapStatistics().used_heap_size - usedBefore).toBeLessThan(4e6);
});
