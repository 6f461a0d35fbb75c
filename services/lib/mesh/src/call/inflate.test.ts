import { randomBytes } from "node:crypto";
import { createGunzip, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { inflate, TooLargeError } from "./inflate.ts";

const MIB = 1024 * 1024;

it("returns the original bytes of small and large compressed messages, also of many at once", async () => {
  const messages = [Buffer.from("x"), randomBytes(70_000), ...Array.from({ length: 8 }, () => randomBytes(MIB))];
  const inflated = await Promise.all(messages.map((m) => inflate(createGunzip, gzipSync(m), { maxBytes: MIB })));
  expect(inflated.map((bytes, i) => bytes.equals(messages[i] ?? Buffer.alloc(0)))).toEqual(messages.map(() => true));
});

it("accepts a message at the limit and rejects one that is a byte larger", async () => {
  expect((await inflate(createGunzip, gzipSync(Buffer.alloc(MIB)), { maxBytes: MIB })).length).toBe(MIB);
  await expect(inflate(createGunzip, gzipSync(Buffer.alloc(MIB + 1)), { maxBytes: MIB })).rejects.toThrow(
    TooLargeError,
  );
});

it("ends when its message is not wanted any more, and the next ones get their turn", async () => {
  const bomb = gzipSync(Buffer.alloc(16 * MIB));
  const seen: number[] = [];
  const unwanted = (size: number): boolean => seen.push(size) < 20;
  const ended = Array.from({ length: 6 }, () =>
    inflate(createGunzip, bomb, { maxBytes: 16 * MIB, shouldContinue: unwanted }).catch((e) => e.name),
  );
  expect(await Promise.all(ended)).toEqual(ended.map(() => "AbortError"));
  expect(Math.max(...seen)).toBeLessThan(MIB);
  expect((await inflate(createGunzip, bomb, { maxBytes: 16 * MIB })).length).toBe(16 * MIB);
});

it("releases a message that waits for its turn as soon as its call ends", async () => {
  const bomb = gzipSync(Buffer.alloc(16 * MIB));
  const begun: AbortController[] = [];
  const inflateOne = (onUnused = () => {}) => {
    const call = new AbortController();
    begun.push(call);
    return inflate(createGunzip, bomb, { maxBytes: 16 * MIB, signal: call.signal, onUnused }).then(
      () => "inflated",
      (error) => error.name,
    );
  };
  const ahead = Array.from({ length: 16 }, () => inflateOne());
  const unused: number[] = [];
  const waiting = Array.from({ length: 16 }, (_, i) => inflateOne(() => unused.push(i)));
  for (const call of begun.slice(16)) call.abort();
  expect(unused).toEqual(waiting.map((_, i) => i));
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => "AbortError"));
  for (const call of begun) call.abort();
  expect(await Promise.all(ahead)).toEqual(ahead.map(() => "AbortError"));
  expect(await inflateOne()).toBe("inflated");
});

it.each([Buffer.alloc(0), Buffer.from("text"), gzipSync("cut off").subarray(0, 12)])("rejects %j", async (bytes) => {
  await expect(inflate(createGunzip, bytes, { maxBytes: MIB })).rejects.toThrow();
});
