import { expect, it } from "vitest";
import { freeBytes } from "./free-bytes.ts";

it("frees a buffer that has its own memory, and does not touch a part of a larger buffer", () => {
  const own = Buffer.allocUnsafeSlow(100);
  freeBytes(own);
  expect([own.length, own.buffer.byteLength]).toEqual([0, 0]);
  const whole = Buffer.allocUnsafeSlow(100);
  freeBytes(whole.subarray(0, 50));
  expect(whole.length).toBe(100);
  freeBytes(own);
});
