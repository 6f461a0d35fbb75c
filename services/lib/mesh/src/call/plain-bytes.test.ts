import { expect, it } from "vitest";
import { plainBytes } from "./plain-bytes.ts";

it("plain bytes share the memory and do not have Buffer's methods", () => {
  const buffer = Buffer.from("abc").subarray(1);
  const bytes = plainBytes(buffer);
  expect(bytes.constructor).toBe(Uint8Array);
  buffer[0] = 120;
  expect([...bytes]).toEqual([120, 99]);
});
