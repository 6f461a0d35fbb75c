import { expect, test } from "vitest";
import { MAX_TABLE_COLUMNS, parseTable } from "./value-table.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const names = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `c${from + at}`);
const object = (keys: readonly string[]) => JSON.stringify(Object.fromEntries(keys.map((key) => [key, 1])));

test("a table has at most 2,000 columns, also over all lines together", () => {
  const full = [object(names(1_999)), object(names(1, 1_999))].join("\n");
  expect(parseTable(bytes(full)).header).toHaveLength(MAX_TABLE_COLUMNS);
  expect(parseTable(bytes(`${names(2_000)}\n${names(2_000)}`)).header).toHaveLength(MAX_TABLE_COLUMNS);
  const wayOut = "more than 2000 columns; leave out the columns that the model does not read";
  expect(() => parseTable(bytes(`${full}\n{"c2000": 1}`))).toThrow(`the objects up to line 3 of the table: ${wayOut}`);
  expect(() => parseTable(bytes(object(names(2_001))))).toThrow(`line 1 of the table: ${wayOut}`);
  expect(() => parseTable(bytes(JSON.stringify({ x: names(2_001) })))).toThrow(`line 1 of the table: ${wayOut}`);
  expect(() => parseTable(bytes(`${names(2_001)}\n`))).toThrow(`row 1 of the table: ${wayOut}`);
});

test("columns beyond the limit end the reading at once: what follows them is not read", () => {
  const lines = Array.from({ length: 60 }, (_, line) => object(names(40, 40 * line)));
  expect(() => parseTable(bytes([...lines, "not JSON"].join("\n")))).toThrow("the objects up to line 51 of the table");
  expect(() => parseTable(bytes(`${names(2_001)},"not closed`))).toThrow("row 1 of the table: more than");
});

test("a line that is not JSON is named, also the first one where the format is known", () => {
  expect(() => parseTable(bytes('{"a": 1}\noops\n'))).toThrow("line 2 is not a JSON object");
  expect(() => parseTable(bytes('oops\n{"a": 1}\n'), true)).toThrow("line 1 is not a JSON object");
});

test("a name with two values is rejected with its line: JSON keeps the last one silently", () => {
  for (const [line, message] of [
    ['{"a": 1, "a": 2}', "line 2 has a name twice"],
    ['{"features": {"a": 1, "a": 2}}', "line 2 has a name twice"],
    ['{"a": 1, "features": {"a": 2}}', 'line 2 has two values for "a"'],
    ['{"x[0]": 1, "x": [2]}', 'line 2 has two values for "x[0]"'],
  ] as const)
    expect(() => parseTable(bytes(`{"a": 0}\n${line}\n`))).toThrow(message);
  expect(parseTable(bytes('{"a": 1, "b": {"c": "a"}}\n{"a": 2}')).header).toEqual(["a", "c"]);
});
