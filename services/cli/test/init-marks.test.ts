import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { snapshotWeekly } from "@bellwether/ingest/snapshot/weekly-snapshot";
import { readTrainingTable } from "@bellwether/ingest/training/training-table";
import { expect, onTestFinished, test, vi } from "vitest";
import { createProgram } from "../src/program.ts";

/** Runs `init FILE --label bad` in a new folder with this file; the draft is in the folder `draft`. */
async function init(name: string, content: string, label: string | null = "bad") {
  const cwd = await mkdtemp(path.join(os.tmpdir(), "bellwether-init-"));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  await writeFile(path.join(cwd, name), content);
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const out = vi.spyOn(process.stdout, "write").mockImplementation(() => true);
  onTestFinished(() => void vi.restoreAllMocks());
  const program = await createProgram({ env: {}, cwd }, ["init"]);
  const words = [name, "--output", "draft", ...(label === null ? [] : ["--label", label])];
  await program.parseAsync(["node", "bellwether", "init", ...words]);
  const at = (file: string): string => path.join(cwd, "draft", file);
  const pair = await loadConfigPair(at("model_config.yaml"), at("feature_mapping.yaml"));
  const training = await readTrainingTable({ ...pair, dataDir: cwd });
  const outParquet = path.join(cwd, "out.parquet");
  const snapshot = await snapshotWeekly({ ...pair, input: path.join(cwd, name), outParquet });
  const text = await readFile(at("feature_mapping.yaml"), "utf8");
  const modelText = await readFile(at("model_config.yaml"), "utf8");
  return { ...pair, ...training, snapshot, text, modelText, screen: [...log.mock.calls, ...out.mock.calls].join("\n") };
}

const rows = (line: (i: number) => string): string => Array.from({ length: 60 }, (_, i) => `${line(i)}\n`).join("");
const bad = (i: number): string => (i % 5 === 0 ? "ja" : "nein");
const TABLE = `vendor_id;Umsatz;quote;bad\n${rows((i) => `V${i};${i * 10},5;${i % 7};${bad(i)}`)}`;

test.each([
  ["one column", "Kreditorenliste\nStand 27.11.2026\n\n", 3],
  ["delimiters to the end of the line", "Kreditorenliste;;;\nStand 27.11.2026;;;\n", 2],
  ["commas", "List of vendors, all regions, 2026\n", 1],
  ["a byte order mark and CR LF", "\uFEFFKreditorenliste\r\n", 1],
])("titles above the column names become skip_lines: %s", async (_, titles, lines) => {
  const { mapping, text, table, rejected, snapshot, screen } = await init("vendors.csv", titles + TABLE);
  expect(mapping.sources[0]).toMatchObject({ skipLines: lines, delimiter: ";", decimal: "," });
  expect(text.match(new RegExp(`skip_lines: ${lines}\n`, "g"))).toHaveLength(2);
  expect([table.rows, rejected.count, snapshot.rows]).toEqual([60, 0, 60]);
  expect(screen).toMatch(/above the column names \(skip_lines: \d\)/);
});

test("a separator line is no title, and rows longer than the column names do not make a row the header", async () => {
  const { mapping } = await init("vendors.csv", `sep=;\n${TABLE}`);
  expect(mapping.sources[0]).not.toHaveProperty("skipLines");
  const long = `vendor;land;bad\n${rows((i) => `V${i};DE;${bad(i)};`)}`;
  await expect(init("long.csv", long)).rejects.toThrow(/60 of 60 rows are not as long as the header/);
});

test("percent, currency and minus marks are declared, and the range includes negative numbers", async () => {
  const head = "vendor_id;on_time;saldo;spend;returns;bad";
  const content = `${head}\n${rows(
    (i) =>
      `V${100 + i};${(i * 1.5).toFixed(1).replace(".", ",")}%;${i},4${i % 10}${i % 4 === 0 ? "-" : ""};€ ${i}.${100 + i},50;${i % 6 === 0 ? `(${i},5)` : `${i},25`};${bad(i)}`,
  )}`;
  const { model, mapping, table, rejected, text } = await init("vendors.csv", content);
  const form = (name: string) => mapping.sources[0]?.columns.find((column) => column.name === name)?.numberForm;
  expect(form("on_time")).toMatchObject({ percent: "points" });
  expect(form("saldo")).toMatchObject({ negative: ["after"] });
  expect(form("spend")).toMatchObject({ currency: ["€"] });
  expect(form("returns")).toMatchObject({ negative: ["parentheses"] });
  expect(text).not.toContain("null_");
  const feature = (name: string) => model.features.find((one) => one.name === name);
  expect(feature("on_time")).toMatchObject({ unit: "%", range: [0, 100] });
  expect(feature("saldo")?.range?.[0]).toBeLessThan(-56);
  expect(feature("returns")?.range?.[0]).toBeLessThan(-54);
  expect(feature("spend")).toMatchObject({ unit: "eur" });
  expect([table.rows, rejected.count]).toEqual([60, 0]);
  expect(table.numbers.get("on_time")?.[1]).toBe(1.5);
  expect(table.numbers.get("saldo")?.[4]).toBeCloseTo(-4.44, 5);
  expect(table.numbers.get("spend")?.[2]).toBe(2102.5);
  expect(mapping.rows.attributes.exposure).toBe("spend");
});

test("a percent column below 1 % is no share, and a number without the mark is rejected, not null", async () => {
  const content = `vendor_id;rate;bad\n${rows((i) => `V${i};${i === 7 ? "0,05" : `0,${10 + i}%`};${bad(i)}`)}`;
  const { model, rejected, screen } = await init("vendors.csv", content);
  expect(model.features[0]).toMatchObject({ unit: "%", range: [0, 100] });
  expect(rejected.reasons).toMatchObject([{ rows: 1, reason: expect.stringMatching(/decimal comma and the mark %/) }]);
  expect(screen).toMatch(/rejected: 1 row of records, column rate: .* the mark %.*"0,05"/);
});

test("only an amount of money becomes the exposure", async () => {
  const of = async (header: string) => {
    const content = `vendor_id;${header};land;bad\n${rows((i) => `V${i};${i * 3};${["DE", "FR"][i % 2]};${bad(i)}`)}`;
    const { mapping, text } = await init("vendors.csv", content);
    return [mapping.rows.attributes.exposure, /# TODO: attributes: exposure: COLUMN/.test(text)];
  };
  for (const header of ["days_sales_outstanding", "Order", "sales growth", "stage", "Value share"])
    expect(await of(header), header).toEqual([null, true]);
  for (const [header, name] of [
    ["Spend (€)", "spend"],
    ["Jahresumsatz", "jahresumsatz"],
    ["totalAmount", "total_amount"],
  ] as const)
    expect(await of(header), header).toEqual([name, false]);
});

test("says why no column can be a feature, and that a folder needs a mapping", async () => {
  const two = `vendor_id;bad\n${rows((i) => `V${i};${bad(i)}`)}`;
  await expect(init("outcome.csv", two)).rejects.toThrow(
    /no column that can be a feature: vendor_id \(the id of the supplier\), bad \(the label\)$/,
  );
  const cwd = await mkdtemp(path.join(os.tmpdir(), "bellwether-init-"));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  await mkdir(path.join(cwd, "parts"));
  const program = await createProgram({ env: {}, cwd }, ["init"]);
  await expect(program.parseAsync(["node", "bellwether", "init", "parts"])).rejects.toThrow(
    /parts is a folder, and init reads one file.*docs\/mapping\.md/,
  );
});

test("texts that are read as not known are printed, count as missing, and a row of sums is a warning", async () => {
  const content = `vendor_id;quality;bad\n${rows((i) => `V${100 + i};${i === 7 ? "tbd" : i === 8 ? "n/a" : i + 10};${bad(i)}`)}Summe;;\n`;
  const { screen, mapping, modelText } = await init("vendors.csv", content);
  expect(mapping.sources[0]?.columns.find(({ name }) => name === "quality")?.nullValues).toEqual(["n/a", "tbd"]);
  // Two words in 60 rows; the row of the sums is left out.
  expect(modelText).toContain("10 to 69 in the data, 3.3 % missing");
  expect(screen).toContain(
    'read as not known (null_values and null_patterns): vendor_id: "Summe"; quality: "n/a", "tbd"',
  );
  expect(screen).toContain(
    'warning: 1 row with the vendor_id "Summe" looks like a sum and not like a supplier; the draft rejects it (null_values of vendor_id)',
  );
});

test("a row of sums does not widen a range or hide the date, and the draft rejects it", async () => {
  const days = ["2026-01-31", "2026-02-28", "2026-03-31"];
  const content = `vendor_id;Stichtag;Umsatz;bad\n${days.map((day) => rows((i) => `V${100 + i};${day};${i},5;${bad(i)}`)).join("")}Summe;;9999999999,5;\n`;
  const { screen, mapping, modelText, table, rejected, snapshot } = await init("vendors.csv", content);
  expect(screen).toContain("date: Stichtag");
  expect(modelText).toContain("range: [0, 100000]");
  expect(mapping.sources[0]?.columns.find(({ name }) => name === "vendor_id")?.nullValues).toEqual(["Summe"]);
  expect(table.rows).toBe(180);
  expect(rejected.reasons).toEqual([expect.objectContaining({ column: "supplier_id", rows: 1 })]);
  expect(snapshot.rows).toBe(60);
});

test("with repeated ids and no certain date, the columns of dates are named, and the rejected rows are a warning", async () => {
  const day = (i: number, month: number): string => (i < 50 ? `2026-0${month}-28` : "");
  const content = `vendor_id;Stichtag;Letzte Lieferung;quality;bad\n${[1, 2, 3].map((month) => rows((i) => `V${100 + i};${day(i, month)};${day(i, month)};${i};${bad(i)}`)).join("")}`;
  const { screen, warnings } = await init("vendors.csv", content);
  expect(screen).toContain(
    "date: none, and ids repeat (3.0 rows of an id on average): name the column with the date of the row: --date Stichtag or --date 'Letzte Lieferung'",
  );
  const warning = expect.stringMatching(
    /^120 of 180 rows were rejected \(67 %\), 120 of them because of: .*; the mapping is probably wrong$/,
  );
  expect(warnings).toEqual([warning]);
  expect(screen).toContain("warning: 120 of 180 rows were rejected (67 %)");
});

test("a table without such texts and without sums says nothing of them", async () => {
  const { screen } = await init("vendors.csv", TABLE);
  expect(screen).not.toMatch(/not known|looks like a sum/);
});
