import { expect, test } from "vitest";
import { cutParts } from "./cut-parts.ts";

async function* chunks(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let next = 0;
  for (const size of sizes) yield Uint8Array.from({ length: size }, () => next++ % 256);
}

test.each<[string, number[], number[]]>([
  ["no bytes", [], [0]],
  ["fewer bytes than a part", [3, 2], [5]],
  ["exactly one part", [6, 4], [10]],
  ["a byte more than a part", [6, 5], [10, 1]],
  ["a chunk of several parts", [35], [10, 10, 10, 5]],
  ["many small chunks", Array(21).fill(1), [10, 10, 1]],
])("%s", async (_, sizes, expected) => {
  const parts: Uint8Array[] = [];
  for await (const part of cutParts(chunks(...sizes), 10)) parts.push(part);
  expect(parts.map(({ length }) => length)).toEqual(expected);
  const total = sizes.reduce((a, b) => a + b, 0);
  expect([...Buffer.concat(parts)]).toEqual(Array.from({ length: total }, (_value, i) => i % 256));
});
