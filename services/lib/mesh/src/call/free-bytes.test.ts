import { expect, it } from "vitest";
import { freeBytes } from "./free-bytes.ts";
import { createYoungCollector } from "./young-garbage.ts";

it("frees a buffer that has its memory for itself, and leaves a part of a larger one", () => {
  const own = Buffer.allocUnsafeSlow(100);
  freeBytes(own);
  expect([own.length, own.buffer.byteLength]).toEqual([0, 0]);
  const whole = Buffer.allocUnsafeSlow(100);
  freeBytes(whole.subarray(0, 50));
  expect(whole.length).toBe(100);
  freeBytes(own);
});

it("collects young garbage, not oftener than every 25 ms", () => {
  let time = 0;
  let collections = 0;
  const collect = createYoungCollector(
    () => time,
    () => collections++,
  );
  for (time of [0, 1, 24, 25, 26, 49, 50]) collect();
  expect(collections).toBe(3);
});

it("has a collection of its own to call", () => {
  expect(() => createYoungCollector(() => 0)()).not.toThrow();
});
