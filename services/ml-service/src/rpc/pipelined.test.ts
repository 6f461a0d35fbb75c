import { expect, test, vi } from "vitest";
import { pipelined } from "./pipelined.ts";

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}
async function* count(to: number, onRead: (n: number) => void = () => {}): AsyncGenerator<number> {
  for (let n = 0; n < to; n++) {
    onRead(n);
    yield n;
  }
}

test("results come in the order of the inputs, whichever is done first", async () => {
  const done = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const results = collect(
    pipelined(
      count(4),
      async (n) => {
        if (n % 2 === 1) done[n - 1]?.resolve();
        else await done[n]?.promise;
        return n;
      },
      2,
    ),
  );
  expect(await results).toEqual([0, 1, 2, 3]);
});

test("no input is read while as many as allowed are worked on or not taken", async () => {
  const read: number[] = [];
  const results = pipelined(
    count(100, (n) => void read.push(n)),
    async (n) => n,
    2,
  );
  expect(await results.next()).toEqual({ done: false, value: 0 });
  await new Promise(setImmediate);
  expect(read.length).toBeLessThanOrEqual(3);
  await results.return(undefined);
});

test("a sender that waits for each result gets it before it sends more", async () => {
  const answered = Promise.withResolvers<void>();
  async function* lockstep(): AsyncGenerator<number> {
    yield 1;
    await answered.promise;
    yield 2;
  }
  const results = pipelined(lockstep(), async (n) => n * 10, 4);
  expect((await results.next()).value).toBe(10);
  answered.resolve();
  expect(await collect(results)).toEqual([20]);
});

test("an error comes after the results before it, and ends the inputs", async () => {
  let isEnded = false;
  async function* inputs(): AsyncGenerator<number> {
    try {
      yield* count(10);
    } finally {
      isEnded = true;
    }
  }
  const failing = pipelined(
    inputs(),
    async (n) => {
      if (n === 2) throw new Error("third");
      return n;
    },
    2,
  );
  expect([(await failing.next()).value, (await failing.next()).value]).toEqual([0, 1]);
  await expect(failing.next()).rejects.toThrow("third");
  await vi.waitFor(() => expect(isEnded).toBe(true));
});

test("an error of the inputs comes after the results of the inputs before it", async () => {
  const slow = Promise.withResolvers<number>();
  async function* broken(): AsyncGenerator<number> {
    yield 1;
    throw new Error("connection");
  }
  const results = pipelined(broken(), () => slow.promise, 2);
  const first = results.next();
  setImmediate(() => slow.resolve(7));
  expect((await first).value).toBe(7);
  await expect(results.next()).rejects.toThrow("connection");
});
