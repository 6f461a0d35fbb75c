import { expect, test } from "vitest";
import { modelLimit } from "./upload-memory.ts";

test.each([
  ["import", 2 ** 31, 50_331_648],
  ["publish", 2 ** 31, 67_108_864],
  ["import", 2 ** 34, 402_653_184],
] as const)("of an %s with %d bytes of memory, the model has at most %d bytes", (kind, memoryBytes, bytes) => {
  expect(modelLimit(kind, memoryBytes).bytes).toBe(bytes);
});
