import { expect, test } from "vitest";
import { eraseNames } from "./erase-names.ts";

const HEADER = "supplier_id,name,region\n";

async function erased(table: string, supplierId: string, chunkSize = table.length) {
  let count = 0;
  const chunks = (async function* () {
    for (let at = 0; at < table.length; at += chunkSize) yield table.slice(at, at + chunkSize);
  })();
  const parts: string[] = [];
  for await (const part of eraseNames(chunks, supplierId, () => count++)) parts.push(part);
  return { text: parts.join(""), count };
}

test.each([
  ["a plain name", "S1,Ada,EU\nS2,Bob,US\n", "S1", "S1,,EU\nS2,Bob,US\n"],
  ["a name with a comma, a quote and a line break", 'S1,"A, ""d""\na",EU\nS2,Bob,\n', "S1", "S1,,EU\nS2,Bob,\n"],
  ["an id that begins like another", "S10,Ten,EU\nS1,One,EU\n", "S1", "S10,Ten,EU\nS1,,EU\n"],
  ["an id that is quoted", '"S,1",Ada,EU\n', "S,1", '"S,1",,EU\n'],
  ["an id that a spreadsheet would run", "'=S1,Ada,EU\n", "=S1", "'=S1,,EU\n"],
  ["a last row without a line break", "S1,Ada,EU", "S1", "S1,,EU"],
  ["two rows of the supplier", "S1,Ada,EU\nS1,Ada L,EU\n", "S1", "S1,,EU\nS1,,EU\n"],
])("erases %s, in chunks of any size", async (_what, rows, supplierId, expected) => {
  for (const size of [1, 2, 3, 7, 1_000])
    expect((await erased(HEADER + rows, supplierId, size)).text).toBe(HEADER + expected);
});

test("a table without the supplier, or with its name erased before, is the same and counts nothing", async () => {
  for (const table of [`${HEADER}S1,,EU\nS2,S1,EU\n`, HEADER, ""])
    expect(await erased(table, "S1")).toEqual({ text: table, count: 0 });
});
