import { randomBytes } from "node:crypto";
import { createGunzip, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { inflate, TooLargeError } from "./inflate.ts";

const MIB = 1024 * 1024;
const always = (): boolean => true;

it("gives back what was compressed, small and large, many at once", async () => {
  const messages = [Buffer.from("x"), randomBytes(70_000), ...Array.from({ length: 8 }, () => randomBytes(MIB))];
  const inflated = await Promise.all(messages.map((m) => inflate(createGunzip, gzipSync(m), MIB, always)));
  expect(inflated.map((bytes, i) => bytes.equals(messages[i] ?? Buffer.alloc(0)))).toEqual(messages.map(() => true));
});

it("takes a message of the limit, and none that is a byte larger", async () => {
  expect((await inflate(createGunzip, gzipSync(Buffer.alloc(MIB)), MIB, always)).length).toBe(MIB);
  await expect(inflate(createGunzip, gzipSync(Buffer.alloc(MIB + 1)), MIB, always)).rejects.toThrow(TooLargeError);
});

it("ends when nobody wants the message any more, and lets the next ones have their turn", async () => {
  const bomb = gzipSync(Buffer.alloc(16 * MIB));
  const seen: number[] = [];
  const unwanted = (size: number): boolean => seen.push(size) < 20;
  const ended = Array.from({ length: 6 }, () => inflate(createGunzip, bomb, 16 * MIB, unwanted).catch((e) => e.name));
  expect(await Promise.all(ended)).toEqual(ended.map(() => "AbortError"));
  expect(Math.max(...seen)).toBeLessThan(MIB);
  expect((await inflate(createGunzip, bomb, 16 * MIB, always)).length).toBe(16 * MIB);
});

it.each([Buffer.alloc(0), Buffer.from("text"), gzipSync("cut off").subarray(0, 12)])("rejects %j", async (bytes) => {
  await expect(inflate(createGunzip, bytes, MIB, always)).rejects.toThrow();
});
