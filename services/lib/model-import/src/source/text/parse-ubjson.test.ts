import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { expect, test } from "vitest";
import { parseJsonModel } from "./parse-json.ts";
import { parseUbjsonModel } from "./parse-ubjson.ts";

const text = (value: string): number[] => [...new TextEncoder().encode(value)];
const bytes = (...parts: (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? text(part) : [part])));

test.each<[string, Uint8Array, unknown]>([
  [
    "an object of all scalar types",
    bytes("{i", 1, "ai", 255, "i", 1, "bU", 255, "i", 1, "cI", 1, 0, "i", 1, "dZi", 1, "eTi", 1, "fF}"),
    { a: -1, b: 255, c: 256, d: null, e: true, f: false },
  ],
  ["floats of both widths, big-endian", bytes("[d", 0x3f, 0x80, 0, 0, "D", 0x40, 0, 0, 0, 0, 0, 0, 0, "]"), [1, 2]],
  ["a typed list", bytes("[$l#i", 2, 0, 0, 0, 5, 255, 255, 255, 255), [5, -1]],
  ["a counted list of anything", bytes("[#i", 2, "Si", 2, "hiZ"), ["hi", null]],
  ["lists in lists", bytes("[[i", 1, "][]]"), [[1], []]],
  ["long integers", bytes("L", 0, 0, 0, 1, 0, 0, 0, 0), 2 ** 32],
])("reads %s", (_, file, value) => {
  expect(parseUbjsonModel(file)).toEqual(value);
});

test.each<[string, Uint8Array, RegExp]>([
  ["a list that claims more than there is", bytes("[$d#l", 0, 0xff, 0xff, 0xff), /truncated/],
  ["a list that claims 2^62 entries", bytes("[#L", 0x40, 0, 0, 0, 0, 0, 0, 0), /not an integer|claims/],
  ["a text that claims more than there is", bytes("Sl", 0x7f, 0xff, 0xff, 0xff), /truncated/],
  ["a negative length", bytes("Si", 255), /not an integer/],
  ["a typed list without a count", bytes("[$i", 1), /without a count/],
  ["an unknown type", bytes("?"), /unknown type/],
  ["a list without an end", bytes("[i", 1), /truncated/],
])("rejects %s", (_, file, reason) => {
  expect(() => parseUbjsonModel(file)).toThrow(ImportRejectedError);
  expect(() => parseUbjsonModel(file)).toThrow(reason);
});

test("JSON: brackets and commas inside strings are not counted, and invalid JSON is rejected", () => {
  expect(parseJsonModel(bytes(`{"a":"${"[".repeat(1000)}\\"${",".repeat(1000)}"}`))).toHaveProperty("a");
  expect(() => parseJsonModel(bytes('{"a":1,}'))).toThrow(ImportRejectedError);
  expect(() => parseJsonModel(bytes('{"a":"', 0xff, '"}'))).toThrow(/not valid JSON/);
});
