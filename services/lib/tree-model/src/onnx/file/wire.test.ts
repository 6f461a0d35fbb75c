import fc from "fast-check";
import { expect, test } from "vitest";
import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import { appendFloats, appendIntegers, bytesOf, floatOf, integerOf, nextField, openMessage, textOf } from "./wire.ts";

/** Encodes a 64-bit integer as a varint, two's complement. */
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) + 0x80);
  return [...bytes, Number(rest)];
}

function firstField(bytes: readonly number[]) {
  const cursor = openMessage(Uint8Array.from(bytes));
  expect(nextField(cursor)).toBe(true);
  return cursor;
}

test("reads every integer that a double represents exactly, and reads larger ones as infinities", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const found = integerOf(firstField([0x08, ...varint(value)]));
      const isSafe = BigInt.asIntN(54, value) === value && value !== -(2n ** 53n);
      expect(found).toBe(isSafe ? Number(value) : value > 0n ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
    }),
  );
});

test("reads lists that are packed and lists with one field an entry", () => {
  const integers: number[] = [];
  appendIntegers(firstField([0x0a, 3, 1, 0xac, 0x02]), integers);
  appendIntegers(firstField([0x08, 7]), integers);
  expect(integers).toEqual([1, 300, 7]);
  const floats: number[] = [];
  appendFloats(firstField([0x0a, 4, 0, 0, 0x80, 0x3f]), floats);
  appendFloats(firstField([0x0d, 0, 0, 0x20, 0xc1]), floats);
  expect(floats).toEqual([1, -10]);
});

test("reads text and floats, and skips unknown fields", () => {
  const cursor = openMessage(Uint8Array.of(0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x0a, 2, 0xc3, 0xa9, 0x15, 0, 0, 0, 0x40));
  expect([nextField(cursor), cursor.field]).toEqual([true, 15]);
  expect([nextField(cursor), textOf(cursor)]).toEqual([true, "é"]);
  expect([nextField(cursor), floatOf(cursor)]).toEqual([true, 2]);
  expect(nextField(cursor)).toBe(false);
});

test.each<[string, number[], RegExp]>([
  ["a length beyond the end", [0x0a, 100, 1], /truncated/],
  ["a length of 2^60", [0x0a, ...varint(2n ** 60n)], /truncated/],
  ["a negative length", [0x0a, ...varint(-1n)], /negative/],
  ["a number without an end", [0x08, 0x80], /truncated/],
  ["a number of eleven bytes", [0x08, ...new Array<number>(11).fill(0x80)], /longer than 10/],
  ["a group, which the format dropped", [0x0b], /wire type 3/],
  ["field number 0", [0x00, 0], /field number 0/],
  ["a fixed number cut off", [0x0d, 1, 2], /truncated/],
])("rejects %s", (_, bytes, reason) => {
  const read = () => nextField(openMessage(Uint8Array.from(bytes)));
  expect(read).toThrow(ImportRejectedError);
  expect(read).toThrow(reason);
});

test("rejects text that is not UTF-8, and packed lists whose last entry is incomplete", () => {
  expect(() => textOf(firstField([0x0a, 1, 0xff]))).toThrow(/not UTF-8/);
  expect(() => appendIntegers(firstField([0x0a, 1, 0x80, 1]), [])).toThrow(/do not end/);
  expect(() => appendFloats(firstField([0x0a, 3, 0, 0, 0]), [])).toThrow(/broken length/);
  expect(() => bytesOf(firstField([0x08, 1]))).toThrow(/wire type 0/);
});
