import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { loadScorecard } from "@bellwether/config/scorecard";
import { snapshotWeekly } from "@bellwether/ingest/snapshot/weekly-snapshot";
import { readTrainingTable } from "@bellwether/ingest/training/training-table";
import { expect, onTestFinished, test, vi } from "vitest";
import { createProgram } from "../src/program.ts";

/** Runs `init` in a new folder with these files. */
async function init(files: Readonly<Record<string, string | Buffer>>, ...words: string[]) {
  const cwd = await mkdtemp(path.join(os.tmpdir(), "bellwether-init-"));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(cwd, name), content);
  const run = async () => {
    const program = await createProgram({ env: {}, cwd }, ["init"]);
    await program.parseAsync(["node", "bellwether", "init", ...words]);
  };
  const read = (name: string) => readFile(path.join(cwd, name), "utf8");
  return { cwd, run, read };
}

/** Maps the files of a drafted pair for training and for a week. */
async function useDraft(cwd: string, folder: string, weekly: string) {
  const at = (name: string): string => path.join(cwd, folder, name);
  const pair = await loadConfigPair(at("model_config.yaml"), at("feature_mapping.yaml"));
  const { table, rejected } = await readTrainingTable({ ...pair, dataDir: cwd });
  const outParquet = path.join(cwd, "out.parquet");
  const snapshot = await snapshotWeekly({ ...pair, input: path.join(cwd, weekly), outParquet });
  return { ...pair, table, rejected, snapshot };
}

const GERMAN = `Lieferanten-Nr;Name;Land;Umsatz (€);Quote %;Letzte Prüfung;Order;Ausfall\n${Array.from(
  { length: 60 },
  (_, i) =>
    `${String(i).padStart(4, "0")};Müller ${i} GmbH;${["DE", "FR", "IT"][i % 3]};${i * 10},5;${i % 7 === 0 ? "k.A." : `${i},25`};${String((i % 28) + 1).padStart(2, "0")}.03.2026;${i};${i % 5 === 0 ? "ja" : "nein"}\n`,
).join("")}`;

test("drafts a pair from an export with semicolons, decimal commas, words for missing values and umlauts", async () => {
  const { cwd, run, read } = await init(
    { "Lieferanten 2026.csv": Buffer.from(GERMAN, "latin1") },
    ...["Lieferanten 2026.csv", "--label", "Ausfall", "--output", "draft"],
  );
  await run();
  const weekly = GERMAN.split("\n")
    .map((line) => line.replace(/;[^;]*$/, ""))
    .join("\n");
  await writeFile(path.join(cwd, "week.csv"), Buffer.from(weekly, "latin1"));
  const { model, mapping, table, rejected, snapshot } = await useDraft(cwd, "draft", "week.csv");
  expect(mapping.sources[0]).toMatchObject({ delimiter: ";", decimal: ",", encoding: "windows-1252" });
  expect(mapping.rows.supplierId).toBe("lieferanten_nr");
  expect(model.features.map(({ name, kind }) => [name, kind])).toEqual([
    ["land", "category"],
    ["umsatz", "numeric"],
    ["quote_percent", "numeric"],
    ["order_value", "numeric"],
  ]);
  expect([table.rows, rejected.count, snapshot.rows]).toEqual([60, 0, 60]);
  expect(table.supplierIds[0]).toBe("0000");
  expect(table.numbers.get("umsatz")?.[1]).toBe(10.5);
  expect(table.numbers.get("quote_percent")?.[7]).toBeNaN();
  expect(table.labels?.reduce((sum, label) => sum + label, 0)).toBe(12);
  const config = await read("draft/model_config.yaml");
  expect(config.split("\n").filter((line) => line.includes("# TODO: unit. "))).toHaveLength(2);
  expect(mapping.rows.attributes.displayName).toBe("name");
  expect(model.features.map(({ name, unit }) => [name, unit])).toEqual([
    ["land", ""],
    ["umsatz", ""],
    ["quote_percent", "%"],
    ["order_value", ""],
  ]);
  expect(model.features[2]).toMatchObject({ range: [0, 100] });
});

test("days without separators are dates, days of Excel are left out, and an id is not a name", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => {
    const day = String((i % 28) + 1).padStart(2, "0");
    return `V${i},202603${day},${46_000 + i},${1_990 + (i % 9)},${i % 3 === 0 ? 140 : 20},${i * 3},${i * 7},${i % 5 === 0 ? 1 : 0}`;
  });
  const table = `vendor_id,last_audit,contract_date,founded_year,growth_pct,open_items_count,Spend (€),bad\n${rows.join("\n")}\n`;
  const { cwd, run, read } = await init({ "vendors.csv": table }, "vendors.csv", "--label", "bad");
  await run();
  const { model, mapping } = await useDraft(cwd, "vendors", "vendors.csv");
  expect(model.features.map(({ name, unit, range }) => [name, unit, range?.[1]])).toEqual([
    ["founded_year", "year", 2_200],
    ["growth_pct", "%", 1_000_000],
    ["open_items_count", "count", 1_000_000],
    ["spend", "eur", 1_000_000],
  ]);
  expect(mapping.rows.attributes.displayName).toBeNull();
  const text = await read("vendors/feature_mapping.yaml");
  expect(text).toMatch(/# left out: last_audit .*: a date/);
  expect(text).toMatch(/# left out: contract_date .*: days as Excel counts them/);
  expect(text).toContain("# TODO: attributes: display_name: COLUMN");
});

const YEARS = `company,year,assets,profit,state\n${Array.from({ length: 40 * 5 }, (_, i) => {
  const [company, year] = [i % 40, 2019 + Math.floor(i / 40)];
  return `c${company},${year},${company * 3 + year},${(i * 37) % 11 === 0 ? "" : (i * 37) % 100},${company % 8 === 0 && year === 2021 ? "failed" : "alive"}\n`;
}).join("")}`;

test("a table with several years of a company is split by time, and a week scores the newest year", async () => {
  const { cwd, run } = await init({ "years.csv.gz": gzipSync(YEARS) }, "years.csv.gz", "--label", "state");
  await run();
  const { model, mapping, table, snapshot } = await useDraft(cwd, "years", "years.csv.gz");
  expect([model.split.by, mapping.rows.asOf, mapping.weekly?.form]).toEqual(["time", "make_date(year, 12, 31)", "raw"]);
  expect(model.target).toMatchObject({ riskClass: "failed", otherClass: "alive" });
  expect([table.rows, snapshot.rows, snapshot.newestAsOf]).toEqual([200, 40, "2023-12-31"]);
});

test("rows of one date are split by supplier, because no earlier row could train", async () => {
  const oneDay = GERMAN.replaceAll(/\d\d\.03\.2026/g, "31.03.2026");
  const { cwd, run, read } = await init(
    { "day.csv": oneDay },
    ...["day.csv", "--label", "Ausfall", "--date", "Letzte Prüfung"],
  );
  await run();
  const { model } = await useDraft(cwd, "day", "day.csv");
  expect(model.split.by).toBe("supplier");
  expect(await read("day/model_config.yaml")).toContain("the rows have 1 date. With 5 or more (by: time)");
});

test("names what is missing, and never overwrites a file", async () => {
  const files = {
    "a.csv": "id,x,flag\n1,2,a\n2,3,b\n3,4,c\n",
    "one.csv": "id,x,flag\n1,2,a\n2,3,a\n",
    "empty.csv": "",
  };
  const problem = async (...words: string[]): Promise<string> => {
    const { run } = await init(files, ...words);
    return run().then(
      () => "no error",
      (error: Error) => error.message,
    );
  };
  expect(await problem("a.csv", "--label", "flg")).toBe('--label: the file has no column "flg"; did you mean "flag"?');
  expect(await problem("a.csv", "--label", "flag")).toContain(
    'the column has 3 values: "a" (1), "b" (1), "c" (1); name the one that is the risk with --risk VALUE',
  );
  expect(await problem("a.csv", "--label", "flag", "--risk", "z")).toContain('--risk: the label has no value "z"');
  expect(await problem("one.csv", "--label", "flag")).toContain(
    'the column has only the value "a" (2); two are needed',
  );
  expect(await problem("empty.csv", "--label", "flag")).toContain("empty.csv is empty");
  expect(await problem("none.csv", "--label", "flag")).toContain("none.csv cannot be read (ENOENT)");
  const { cwd, run } = await init({ "years.csv": YEARS }, "years.csv", "--label", "state");
  await run();
  const before = await readFile(path.join(cwd, "years/model_config.yaml"), "utf8");
  await expect(run()).rejects.toThrow("exists and is not overwritten; name another folder with --output");
  expect(await readFile(path.join(cwd, "years/model_config.yaml"), "utf8")).toBe(before);
});

test("thousands marks are found, also in numbers that could be read in two ways, and other columns keep their marks", async () => {
  const money = (i: number): string =>
    `${(i * 26_509.75 + 590).toFixed(2)}`.replace(".", ",").replace(/\B(?=(?:\d{3})+,)/g, ".");
  const text = `Kreditor;Land;Umsatz;Stück;Quote;Notiz;Ausfall\n${Array.from(
    { length: 60 },
    (_, i) =>
      `K${String(i).padStart(2, "0")};${["DE", "FR"][i % 2]};${money(i)};${i + 1}.590;0.${i + 10};n${i};${i % 5 === 0 ? "ja" : "nein"}\n`,
  ).join("")}`;
  const { cwd, run } = await init(
    { "kreditoren.csv": text },
    "kreditoren.csv",
    "--label",
    "Ausfall",
    "--id",
    "Kreditor",
  );
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const out = vi.spyOn(process.stdout, "write").mockImplementation(() => true);
  onTestFinished(() => void vi.restoreAllMocks());
  await run();
  const screen = [...log.mock.calls, ...out.mock.calls].join("\n");
  expect(screen).toMatch(/1 column left out: Notiz \(60 different texts in 60 rows\) \(.*docs\/mapping\.md\)/);
  await writeFile(path.join(cwd, "week.csv"), text.replaceAll(/;[^;\n]*$/gm, ""));
  const { mapping, table, rejected, snapshot } = await useDraft(cwd, "kreditoren", "week.csv");
  expect(mapping.sources[0]).toMatchObject({ decimal: "," });
  expect([table.rows, rejected.count, snapshot.rows]).toEqual([60, 0, 60]);
  expect(table.numbers.get("umsatz")?.[59]).toBeCloseTo(59 * 26_509.75 + 590, -1);
  expect(table.numbers.get("stueck")?.[3]).toBe(4590);
  expect(table.numbers.get("quote")?.[2]).toBeCloseTo(0.12, 6);
});

test("without a label, drafts a mapping without one and a scorecard from names and quantiles, which can be published", async () => {
  const { cwd, run, read } = await init({ "vendors.csv": UNLABELLED }, "vendors.csv");
  await run();
  const at = (name: string): string => path.join(cwd, "vendors", name);
  const pair = await loadConfigPair(at("model_config.yaml"), at("feature_mapping.yaml"));
  expect([pair.mapping.label, pair.model.target.name]).toEqual([null, "risk_event"]);
  const scorecard = await loadScorecard(at("scorecard.yaml"), pair.model);
  expect(scorecard.features).toEqual([
    {
      ...{ kind: "numeric", name: "payment_delay_days", missing: 5 },
      ranges: [
        { from: 0, to: 49, points: 0 },
        { from: 49, to: 74, points: 5 },
        { from: 74, to: 89, points: 10 },
        { from: 89, to: 100_000, points: 20 },
      ],
    },
    {
      ...{ kind: "numeric", name: "quality_score", missing: 5 },
      ranges: [
        { from: 0, to: 18, points: 20 },
        { from: 18, to: 48, points: 10 },
        { from: 48, to: 98, points: 5 },
        { from: 98, to: 1_000_000, points: 0 },
      ],
    },
  ]);
  expect(scorecard.unused).toEqual(["employees", "land"]);
  expect(await read("vendors/scorecard.yaml")).toContain("TODO: a guess that a higher number is less risk");
  await expect(readTrainingTable({ ...pair, dataDir: cwd })).rejects.toThrow("the mapping has no label");
  await expect(run()).rejects.toThrow("exists and is not overwritten");
  const program = await createProgram({ env: { MODEL_REGISTRY_URL: `file:${path.join(cwd, "models")}` }, cwd }, [
    "scorecard",
  ]);
  const files = ["--config", "vendors/model_config.yaml", "--mapping", "vendors/feature_mapping.yaml"];
  await program.parseAsync(["node", "bellwether", "scorecard", "publish", ...files, "--input", "vendors.csv"]);
  expect(JSON.parse(await read("models/vendors/v1/manifest.json"))).toMatchObject({ origin: "scorecard" });
});

test("the draft names the real shares of the bands, and gives suppliers without a value the points of a missing one", async () => {
  const { cwd, run, read } = await init({ "vendors.csv": TIED }, "vendors.csv");
  await run();
  const text = await read("vendors/scorecard.yaml");
  expect(text).toContain("- name: claims   # TODO: unit; TODO: a guess that a higher number is more risk");
  const program = await createProgram({ env: { MODEL_REGISTRY_URL: `file:${path.join(cwd, "models")}` }, cwd }, [
    "scorecard",
  ]);
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const out = vi.spyOn(process.stdout, "write").mockImplementation(() => true);
  onTestFinished(() => void vi.restoreAllMocks());
  const files = ["--config", "vendors/model_config.yaml", "--mapping", "vendors/feature_mapping.yaml"];
  await program.parseAsync(
    ...[["node", "bellwether", "scorecard", "check", ...files, "--input", "vendors.csv", "--json"]],
  );
  const { suppliers } = JSON.parse([...log.mock.calls, ...out.mock.calls].flat().join("\n").trim());
  const { low, medium, high } = suppliers.bands;
  expect([low + medium + high, suppliers.too_few_features]).toEqual([200, 0]);
  const claims = suppliers.features.find(({ name }: { name: string }) => name === "claims");
  expect(claims.parts.at(-1)).toEqual({ label: "missing", points: 5, suppliers: 40 });
  const [, shareHigh, shareMedium] =
    /as drafted, (\S+) % of the suppliers of the file with a score are high, and (\S+) % medium or high/.exec(text) ??
    [];
  expect([Number(shareHigh), Number(shareMedium)]).toEqual([high / 2, (high + medium) / 2]);
  expect(high / 2).toBeGreaterThan(5);
});

test("with a label, drafts a scorecard too; without a name that says what a number means, it drafts none", async () => {
  const labelled = await init(
    { "years.csv": YEARS.replace("profit", "late_payments") },
    "years.csv",
    "--label",
    "state",
  );
  await labelled.run();
  expect(await labelled.read("years/scorecard.yaml")).toContain("name: late_payments");
  const plain = await init(
    { "a.csv": `id,x\n${Array.from({ length: 30 }, (_, i) => `${i},${i * 7}\n`).join("")}` },
    "a.csv",
  );
  await plain.run();
  await expect(plain.read("a/scorecard.yaml")).rejects.toThrow("ENOENT");
  const risk = await init({ "a.csv": "id,x\n1,2\n" }, "a.csv", "--risk", "yes");
  await expect(risk.run()).rejects.toThrow("--risk is a value of the label: add --label COLUMN");
});

/** 200 suppliers with few different values, so that sums of points are equal; each fifth has no number of claims. */
const TIED = `vendor_id,days_late,turnover,claims,credit_rating,country\n${Array.from(
  { length: 200 },
  (_, i) => `V${i},${i % 10},${i * 31},${i % 5 === 0 ? "" : i % 4},${["A", "B", "C"][i % 3]},${["DE", "FR"][i % 2]}\n`,
).join("")}`;

/** Delays 0 to 99, scores 0 to 198, numbers without a direction, and two countries. */
const UNLABELLED = `vendor_id,payment_delay_days,quality_score,employees,land\n${Array.from(
  { length: 100 },
  (_, i) => `V${i},${i},${i * 2},${i * 31},${["DE", "FR"][i % 2]}\n`,
).join("")}`;

test.each([
  ["no name", "", "the column has no name"],
  ["a name of 250 characters", "x".repeat(250), "the name of the column has 250 characters, at most 200 are read"],
  ["a name of 5,000 characters", "x".repeat(5_000), "the name of the column has 5000 characters, at most 200 are read"],
])("a column with %s, such as the index of pandas, is left out with its reason", async (_, header, reason) => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i},row ${i},S${i},${i * 1.5},${i % 4 === 0 ? "yes" : "no"}`);
  const text = `n,${header},supplier,amount,late\n${rows.join("\n")}\n`;
  const { cwd, run, read } = await init(
    { "p.csv": text, "week.csv": text },
    "p.csv",
    "--output",
    "o",
    "--label",
    "late",
  );
  await run();
  expect(await read("o/feature_mapping.yaml")).toContain(`): ${reason}\n`);
  const { mapping, snapshot } = await useDraft(cwd, "o", "week.csv");
  expect([mapping.rows.supplierId, snapshot.rows]).toEqual(["supplier", 40]);
  if (header === "") return;
  const named = await init({ "p.csv": text }, "p.csv", "--output", "o", "--label", header);
  await expect(named.run()).rejects.toThrow(`--label: ${reason}; correct its name in the file`);
});
