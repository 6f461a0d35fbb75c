import { ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { readRows } from "./read-rows.ts";

const NDJSON = "application/x-ndjson";

test("the elements of an array are rows, whatever is in their strings and objects", () => {
  const rows = ['{"a":"],[\\"}{"}', ' {"b":[1,2,{"c":"\\\\"}]}', "3", "null"];
  expect(readRows(`[${rows.join(",")}]`, undefined)).toEqual(rows.map((text) => ({ json: JSON.parse(text) })));
});

test.each(["[]", " [ ] "])("%j has no rows", (text) => {
  expect(readRows(text, "application/json")).toEqual([]);
});

test("lines are rows; an invalid line is a row without JSON, and empty lines are none", () => {
  const rows = readRows('{"a":1}\r\n\n{"a":\n{"a":2}', NDJSON);
  expect(rows).toEqual([{ json: { a: 1 } }, { failure: expect.any(String) }, { json: { a: 2 } }]);
});

test("a repeated name concerns only its row", () => {
  for (const rows of [readRows('[{"a":1,"a":2},{"a":3}]', undefined), readRows('{"a":1,"a":2}\n{"a":3}', NDJSON)])
    expect(rows).toEqual([{ failure: '"a" is given twice' }, { json: { a: 3 } }]);
});

test.each([
  ['{"a":1}', "application/json"],
  ['[{"a":1}', undefined],
  ["", undefined],
])("%j with the content type %j is an error that says what to send", (text, type) => {
  expect(() => readRows(text, type)).toThrow(ConnectError);
  expect(() => readRows(text, type)).toThrow(/send a JSON array, or one JSON text per line/);
});

test("a string of many million characters is read", () => {
  const long = "a".repeat(12_000_000);
  expect(readRows(`["${long}", "b\\\\", "\\""]`, undefined)).toEqual([{ json: long }, { json: "b\\" }, { json: '"' }]);
});
