import { parseCsv } from "@bellwether/risk-model/tables/parse-csv";
import { TableError } from "@bellwether/risk-model/tables/table-error";
import { parseTable } from "@bellwether/risk-model/tables/value-table";
import { foreignModels } from "@bellwether/testing/foreign-models";
import { runOnnx } from "@bellwether/testing/run-onnx";
import { createInterventionalExplainer } from "@bellwether/tree-model/shap/interventional-explainer";
import { expect, test } from "vitest";
import { importModel } from "../import-model.ts";
import { chooseServedOutput } from "../result/served-output.ts";
import { readSourceModel } from "../source/source-model.ts";
import { MAX_BACKGROUND_ROWS, readBackground } from "./background.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const column = (name: string, category: string | null = null) => ({ input: name, name, category });
const NAMED = [column("spend"), column("delay")];

test("parses quotes, doubled quotes, line breaks inside them, CRLF, blank lines and a missing last line break", () => {
  const text = 'a,"b ""x""",c\r\n1,"two\nlines",3\n\n4,,"6"';
  expect(parseCsv(text)).toEqual([
    ["a", 'b "x"', "c"],
    ["1", "two\nlines", "3"],
    ["4", "", "6"],
  ]);
});

test("finds columns by name, in any order, and ignores others", () => {
  const { rows, count, names } = readBackground(
    parseTable(bytes("delay,region,spend\n1,north,10\nNA,south,20\n")),
    NAMED,
    true,
    Math.fround,
  );
  expect({ count, names }).toEqual({ count: 2, names: ["spend", "delay"] });
  expect([...rows]).toEqual([10, 1, 20, Number.NaN]);
});

test("uses the names of the table in order when the model's names are generated", () => {
  const { rows, names } = readBackground(
    parseTable(bytes("spend,delay\n10,1\n")),
    [column("f0"), column("f1")],
    false,
    Math.fround,
  );
  expect(names).toEqual(["spend", "delay"]);
  expect([...rows]).toEqual([10, 1]);
});

test("converts texts to indicator columns", () => {
  const columns = [column("spend"), column("region", "north"), column("region", "south")];
  const { rows } = readBackground(parseTable(bytes("spend,region\n10,south\n20,east\n")), columns, true, Math.fround);
  expect([...rows]).toEqual([10, 0, 1, 20, 0, 0]);
});

test("keeps rows that are spread over a long table", () => {
  const lines = Array.from({ length: 5000 }, (_, row) => `${row},0`);
  const { rows, count } = readBackground(
    parseTable(bytes(`spend,delay\n${lines.join("\n")}\n`)),
    NAMED,
    true,
    Math.fround,
  );
  expect(count).toBe(MAX_BACKGROUND_ROWS);
  expect(rows.at(-2)).toBe(4995);
});

test.each([
  ["a column that is missing", "spend\n1\n", /lacks the column delay; it has spend/],
  ["a cell that is no number", "spend,delay\n1,2\n3,soon\n", /row 3, column delay: "soon" is not a number/],
  ["no rows", "spend,delay\n", /no rows/],
  ["a row with fewer cells than the header", "spend,delay\n1,2\n3\n", /row 3 has 1 cells where the header has 2/],
  ["a name twice", "spend,delay,delay\n1,2,3\n", /two columns "delay"/],
])("rejects %s", (_, text, reason) => {
  const read = () => readBackground(parseTable(bytes(text)), NAMED, true, Math.fround);
  expect(read).toThrow(TableError);
  expect(read).toThrow(reason);
});

const file = (name: string): Uint8Array =>
  foreignModels().find((model) => model.name === name)?.bytes ?? new Uint8Array();
const task = { modelName: "imported", riskClass: null, runOnnx };

test("background rows explain a model without covers, and set the ranges of its features", async () => {
  const background = bytes("spend,delay,region\n0.5,1,north\n-0.5,0,south\n1,-1,north\n");
  const imported = await importModel({ ...task, bytes: file("sklearn-one-hot.onnx"), background });
  if (imported.status === "rejected") throw new Error(imported.reason);
  const { bundle, source } = imported;
  expect(bundle.features.map(({ name, kind, categories, training }) => [name, kind, categories, training])).toEqual([
    ["spend", "numeric", [], { min: -0.5, max: 1, median: 0.5 }],
    ["delay", "numeric", [], { min: -1, max: 1, median: 0 }],
    ["region", "category", ["north", "south"], null],
  ]);
  if (bundle.explanation.kind !== "interventional") throw new Error(bundle.explanation.background);
  const rows = Float32Array.from(bundle.explanation.rows.flat(), (x) => x ?? Number.NaN);
  const explainer = createInterventionalExplainer(chooseServedOutput(source, null).model, rows, 3);
  for (const { row, output } of bundle.golden) {
    const contributions = explainer.explain(
      Float32Array.from(row, (x) => x ?? Number.NaN),
      1,
    );
    expect(contributions.reduce((sum, part) => sum + part, explainer.baseValue[0] ?? 0)).toBeCloseTo(output, 5);
  }
});

test("covers of the file are preferred to background rows", async () => {
  const background = bytes("f0,f1,f2,f3\n0,0,0,0\n");
  const imported = await importModel({ ...task, bytes: file("xgboost-classifier.model"), background });
  expect(imported).toMatchObject({ status: "imported", bundle: { explanation: { kind: "path-dependent" } } });
});

test("the explanation of a file without covers and without background rows says how to get contributions", async () => {
  const imported = await importModel({ ...task, bytes: file("sklearn-forest.onnx"), background: null });
  const background = expect.stringContaining("--background");
  expect(imported).toMatchObject({ status: "imported", bundle: { explanation: { kind: "none", background } } });
});

test("the risk class can be named, and the other class of two has the negative margin", () => {
  const source = readSourceModel(file("sklearn-tree-names.onnx"));
  expect(source.classes).toEqual(["bad", "good"]);
  expect(chooseServedOutput(source, null).classes).toEqual({ risk: "good", other: "bad" });
  const bad = chooseServedOutput(source, "bad");
  expect(bad).toMatchObject({ outputSpace: "probability", classes: { risk: "bad", other: "good" } });
  expect(bad.model.base[0]).toBeCloseTo(1 - (source.model.base[0] ?? 0));
  expect(() => chooseServedOutput(source, "ugly")).toThrow('no class "ugly"; known are bad, good');
});
