import type { BaseColumn } from "@bellwether/tree-model/onnx/ensemble/input-column";
import { expect, test } from "vitest";
import { readModelRows } from "./model-rows.ts";

const codes = { values: [0, 1, 2], labels: ["Chemie", "Gehäuse", " Stahl"], other: null };
const COLUMN: BaseColumn = { input: "X", name: "group", category: null, codes };

const read = (...cells: readonly (string | number | null)[]) =>
  readModelRows({ header: ["group"], records: cells.map((cell) => [cell]), firstRow: 1 }, [COLUMN], true, "none").rows;

test("reads a category by its text, also with spaces around it, or by its code", () => {
  expect([...read("Gehäuse", " Chemie ", " Stahl", 2, null)]).toEqual([1, 0, 2, 2, Number.NaN]);
});

test("a text that is not a category names the categories of the model", () => {
  expect(() => read("Chemie", "Stahlbau")).toThrow(
    'row 2, column group: "Stahlbau" is not a category of the model, which knows Chemie, Gehäuse,  Stahl',
  );
});
