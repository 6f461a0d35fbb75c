import { expect, it } from "vitest";
import { interruptibleBody } from "./interruptible-body.ts";

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

async function readAll(body: AsyncIterable<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const chunk of body) all.push(...chunk);
  return all;
}

it("a body without an interrupt is read to its end", async () => {
  const { body } = interruptibleBody(
    (async function* () {
      yield bytes(1, 2);
      yield bytes(3);
    })(),
  );
  expect(await readAll(body)).toEqual([1, 2, 3]);
});

it("an interrupt ends the wait for bytes that do not arrive", async () => {
  const { body, interrupt } = interruptibleBody(
    (async function* () {
      yield bytes(1);
      await new Promise(() => {});
    })(),
  );
  const reading = readAll(body);
  setImmediate(() => interrupt(new Error("late")));
  await expect(reading).rejects.toThrow("late");
});

it("an interrupt before the first read ends that read", async () => {
  const { body, interrupt } = interruptibleBody((async function* () {})());
  interrupt(new Error("late"));
  await expect(readAll(body)).rejects.toThrow("late");
});

it("an error of the source reaches the reader", async () => {
  const { body } = interruptibleBody(
    // biome-ignore lint/correctness/useYield: it fails before its first chunk
    (async function* () {
      throw new Error("reset");
    })(),
  );
  await expect(readAll(body)).rejects.toThrow("reset");
});
