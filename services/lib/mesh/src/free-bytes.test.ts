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

it("collects young garbage, not oftener than every 50 ms", () => {
  let time = 0;
  const collect = createYoungCollector(() => time);
  const buffers = (): number => {
    for (let i = 0; i < 40; i++) Buffer.allocUnsafeSlow(1024 * 1024);
    return process.memoryUsage().arrayBuffers;
  };
  buffers();
  collect();
  const after = process.memoryUsage().arrayBuffers;
  expect(buffers()).toBeGreaterThan(after);
  time = 49;
  collect();
  expect(process.memoryUsage().arrayBuffers).toBeGreaterThan(after);
  time = 50;
  collect();
  expect(process.memoryUsage().arrayBuffers).toBeLessThanOrEqual(after + 1024 * 1024);
});
