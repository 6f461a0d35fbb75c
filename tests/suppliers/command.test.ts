import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RunningCommands, startCommands } from "../../services/cli/test/running-commands.ts";

// Each test starts the command several times, while other tests run.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const HEADER = "supplier_id,name,region,category,exposure,currency,criticality,owner,identifier_vat";

let cluster: PostgresServer;
let ops: ServiceProcess;
let commands: RunningCommands;
let folder = "";

beforeAll(async () => {
  commands = startCommands();
  cluster = await usePostgres();
  ops = await startService("ops-service", { DATABASE_URL: await cluster.createDatabase() });
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-suppliers-"));
});
afterAll(async () => {
  await commands?.[Symbol.asyncDispose]();
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) =>
  commands.run({ args: ["suppliers", ...args], cwd: folder, env: { ...PROCESS_ENV, OPS_SERVICE_URL: ops.grpc } });

interface ImportReport {
  readonly rows: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly rejected: number;
  readonly stopped: boolean;
  readonly changes?: readonly { line: number; supplier_id: string; action: string; fields: readonly string[] }[];
  readonly violations: readonly { line: number; field: string; value: string; reason: string; supplier_id: string }[];
}

async function importJson(...args: string[]): Promise<{ code: number | null; report: ImportReport }> {
  const { code, stdout, stderr } = await run("import", ...args, "--json");
  expect(stderr).toBe("");
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  return { code, report: JSON.parse(stdout) };
}

async function writeCsv(name: string, lines: readonly string[]): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `${lines.join("\n")}\n`);
  return file;
}

/** Sixty invalid rows by their line: the name of the field, and the row. */
function plantedErrors(): ReadonlyMap<number, { readonly field: string; readonly row: string }> {
  const kinds: readonly (readonly [field: string, row: (id: string) => string])[] = [
    ["exposure", (id) => `${id},A,EU,steel,-5,,,,`],
    ["exposure", (id) => `${id},A,EU,steel,NaN,,,,`],
    ["exposure", (id) => `${id},A,EU,steel,"1.234,56",,,,`],
    ["currency", (id) => `${id},A,EU,steel,5,EURO,,,`],
    ["currency", (id) => `${id},A,EU,steel,5,USD,,,`],
    ["criticality", (id) => `${id},A,EU,steel,5,,urgent,,`],
    ["supplier_id", () => ",A,EU,steel,5,,,,"],
    ["", (id) => `${id},A,EU`],
    ["name", (id) => `${id},${"x".repeat(513)},EU,steel,5,,,,`],
    ["identifiers.vat", (id) => `${id},A,EU,steel,5,,,,DE 100000001`],
    ["supplier_id", () => "GOOD-0,again,EU,steel,5,,,,"],
    ["currency", (id) => `${id},A,EU,steel,,EUR,,,`],
  ];
  return new Map(
    Array.from({ length: 60 }, (_, i) => {
      const [field, row] = kinds[i % kinds.length] ?? ["", () => ""];
      return [10 + i * 16, { field, row: row(`BAD-${i}`) }];
    }),
  );
}

test("a file of 1,000 rows with 60 planted errors is reported by row; a second import changes nothing", async () => {
  const errors = plantedErrors();
  const rows = Array.from({ length: 1_000 }, (_, i) => {
    const bad = errors.get(i + 2);
    return bad?.row ?? `GOOD-${i},"Müller, ${i}",EU,steel,${i * 10},EUR,high,Ana Ruiz,DE ${100_000_001 + i}`;
  });
  const file = await writeCsv("planted.csv", [HEADER, ...rows]);
  const expected = [...errors].map(([line, { field }]) => [line, field]);

  const dry = await importJson(file, "--dry-run");
  expect(dry.report.violations.map(({ line, field }) => [line, field])).toEqual(expected);
  expect([dry.code, dry.report]).toMatchObject([1, { rows: 1_000, created: 940, rejected: 60, stopped: false }]);
  expect(dry.report.changes).toHaveLength(940);
  expect(dry.report.changes?.[0]).toEqual({
    ...{ line: 2, supplier_id: "GOOD-0", action: "create" },
    fields: ["name", "region", "category", "criticality", "owner", "exposure", "identifiers.vat"],
  });
  const text = (await run("import", file, "--dry-run")).stdout;
  expect(text).toContain(
    "line 2: would create GOOD-0: name, region, category, criticality, owner, exposure, identifiers.vat",
  );
  expect(text).toContain("and 890 more (--json lists 940)");
  expect((await run("show", "GOOD-0")).code).toBe(1);

  const first = await importJson(file);
  expect([first.code, first.report]).toMatchObject([1, { created: 940, updated: 0, rejected: 60 }]);
  expect(first.report.violations).toEqual(dry.report.violations);
  const second = await importJson(file);
  expect(second.report).toMatchObject({ created: 0, updated: 0, unchanged: 940, rejected: 60 });
  const shown = await run("show", "GOOD-999", "--json");
  expect(JSON.parse(shown.stdout).supplier).toMatchObject({
    ...{ name: "Müller, 999", exposure: 9_990, currency: "EUR", criticality: "high", owner: "Ana Ruiz" },
    ...{ identifiers: { vat: "DE100001000" }, sources: { name: "master_data" }, latest_score: null },
  });
  const found = await run("search", "de100001000", "--json");
  expect(JSON.parse(found.stdout)).toMatchObject({ truncated: false, suppliers: [{ supplier_id: "GOOD-999" }] });
});

test("a conflict in the last of 2,500 rows stops the import before anything is stored", async () => {
  await importJson(await writeCsv("before.csv", ["supplier_id,name", "STOP-2499,Before"]));
  const rows = Array.from({ length: 2_500 }, (_, i) => `STOP-${i},After`);
  const file = await writeCsv("stop.csv", ["supplier_id,name", ...rows]);
  const stopped = await importJson(file);
  expect([stopped.code, stopped.report]).toMatchObject([1, { stopped: true, skipped: 1 }]);
  expect(stopped.report.violations).toMatchObject([{ line: 2_501, field: "name", supplier_id: "STOP-2499" }]);
  expect((await run("show", "STOP-0")).code).toBe(1);
  expect((await importJson(file, "--on-conflict", "skip")).report).toMatchObject({ created: 2_499, skipped: 1 });
  expect((await importJson(file, "--on-conflict", "update")).report).toMatchObject({ updated: 1, unchanged: 2_499 });
});

test("an exported file imports without a change, and has no cell that a spreadsheet program runs", async () => {
  const names = ["=1+1", "+49", "-5", "@x", "'=quoted", 'a "b", c', "two\nlines", "\u202Ereversed"];
  const cells = names.map((name) =>
    `"'${name}"`.replace("'a ", "a ").replace("'two", "two").replace("'\u202E", "\u202E"),
  );
  await importJson(
    await writeCsv("formula.csv", [
      "supplier_id,name",
      ...cells.map((cell, i) => `F-${i},${cell.replace('"b"', '""b""')}`),
    ]),
  );
  const file = path.join(folder, "export.csv");
  expect(JSON.parse((await run("export", file, "--json")).stdout)).toMatchObject({ file });
  const text = await readFile(file, "utf8");
  expect(text.startsWith(`${HEADER}\n`)).toBe(true);
  expect(text).not.toMatch(/(^|,|\n)"?[=+\-@]/);
  const { code, report } = await importJson(file);
  expect([code, report]).toMatchObject([0, { created: 0, updated: 0, skipped: 0, rejected: 0 }]);
});

test.each([
  ["a wrong delimiter", "supplier_id;name\nA;B\n", 'no "," but semicolons; add --delimiter ";"'],
  ["an unknown column", "supplier_id,nmae\nA,B\n", 'the column "nmae" does not exist; did you mean "name"?'],
  ["no supplier_id", "name\nB\n", "the column supplier_id is missing"],
  ["a column twice", "supplier_id,name,name\nA,B,C\n", 'the column "name" is there twice'],
  ["an empty file", "", "is empty"],
  [
    "bytes that are not UTF-8",
    Buffer.from("supplier_id,name\nA,M\xfcller\n", "latin1"),
    "line 2 has bytes that are not UTF-8",
  ],
  ["UTF-16", Buffer.from("\ufeffsupplier_id\nA\n", "utf16le"), "is UTF-16"],
  ["a workbook", Buffer.from("PK\x03\x04rest", "latin1"), "is a workbook or an archive"],
])("%s is an error of use that names the way out, and nothing is stored", async (name, content, message) => {
  const file = path.join(folder, `${name.replaceAll(" ", "-")}.csv`);
  await writeFile(file, content);
  const { code, stderr } = await run("import", file);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect((await run("show", "A")).code).toBe(1);
});

test("a half-written file stores its whole rows and reports the last one", async () => {
  const file = await writeCsv("half.csv", ["supplier_id,name,owner", "HALF-1,One,Ana", 'HALF-2,"Two']);
  const { code, report } = await importJson(file);
  expect([code, report]).toMatchObject([1, { rows: 2, created: 1, rejected: 1 }]);
  expect(report.violations[0]).toMatchObject({ line: 3, reason: expect.stringContaining("quote") });
});

test("a file over 1 GiB, a folder and no file are errors of use", async () => {
  const large = path.join(folder, "large.csv");
  await writeFile(large, "supplier_id\n");
  await truncate(large, 2 ** 30 + 1);
  for (const file of [large, folder, path.join(folder, "none.csv")]) expect((await run("import", file)).code).toBe(2);
});

test("semicolons, tabs and empty cells that clear", async () => {
  const semicolons = await writeCsv("semicolons.csv", ["supplier_id;name;owner", "D-1;One;Ana"]);
  expect((await importJson(semicolons, "--delimiter", ";")).report).toMatchObject({ created: 1 });
  const tabs = await writeCsv("tabs.csv", ["supplier_id\tname\towner", "D-1\tOne\t"]);
  expect((await importJson(tabs, "--delimiter", "tab")).report).toMatchObject({ unchanged: 1 });
  const cleared = await importJson(tabs, "--delimiter", "tab", "--empty-clears", "--on-conflict", "update");
  expect(cleared.report).toMatchObject({ updated: 1 });
  expect(JSON.parse((await run("show", "D-1", "--json")).stdout).supplier).toMatchObject({ name: "One", owner: "" });
});

test("list has the suppliers of a band and a region, their number, and the week", async () => {
  const listed = async (...args: string[]) => {
    const { code, stdout, stderr } = await run("list", ...args, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const { suppliers, ...rest } = JSON.parse(stdout);
    return { ...rest, ids: suppliers.map((one: { supplier_id: string }) => one.supplier_id) };
  };
  await using own = await startService("ops-service", { DATABASE_URL: await cluster.createDatabase() });
  const before = ["list", "--ops", own.grpc];
  expect((await run(...before)).stdout).toBe("no weekly run is complete yet\n");
  await runWeek(own.grpc);
  const at = ["--ops", own.grpc];
  const of = { model: "supplier-risk", week: "2026-W05" };
  expect(await listed("--band", "high", ...at)).toEqual({ ...of, total: 2, ids: ["L-4", "L-3"] });
  expect(await listed("--band", "high", "unknown", "--order", "name", ...at)).toEqual({
    ...{ ...of, total: 3, ids: ["L-0", "L-3", "L-4"] },
  });
  expect(await listed("--region", "EU", "--limit", "1", ...at)).toEqual({ ...of, total: 3, ids: ["L-4"] });
  expect((await run("list", "--limit", "1", ...at)).stdout).toMatch(
    /\n5 suppliers of supplier-risk in 2026-W05, of which 1 are shown \(--limit\)\n$/,
  );
  for (const [args, message] of [
    [["--band", "hihg"], "Allowed choices are low, medium, high, unknown"],
    [["--week", "2026-W60"], "2026-W60"],
    [["--limit", "201"], "expected a whole number from 1 to 200"],
  ] as const)
    expect(await run("list", ...args, ...at)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
});

/** Completes a week of L-0 to L-4: one without a score, one low, one medium and two high; every other one is of the region EU. */
async function runWeek(url: string): Promise<void> {
  const batch = createClient(BatchService, createGrpcTransport({ baseUrl: url }));
  const { lease } = await batch.startRun({ isoWeek: "2026-W05", modelName: "supplier-risk", holder: "test" });
  const scores = Float64Array.of(Number.NaN, 0.1, 0.5, 0.8, 0.9);
  const digests = { modelDigest: "a".repeat(64), bundleDigest: "b".repeat(64), configHash: "c".repeat(64) };
  await batch.submitChunk({
    ...(lease && { lease }),
    supplierIds: Array.from(scores, (_, i) => `L-${i}`),
    exposures: new Uint8Array(new Float64Array(scores.length).fill(1_000).buffer),
    regions: { name: "region", dictionary: ["EU", "US"], codes: Array.from(scores, (_, i) => i % 2) },
    scores: {
      riskScores: new Uint8Array(scores.buffer),
      bands: Uint8Array.of(1, 2, 3, 4, 4),
      columnNames: ["late_ratio"],
      contributions: new Uint8Array(new Float32Array(scores.length).buffer),
      model: { name: "supplier-risk", version: "v1", ...digests, runtime: "onnxruntime", kernel: "k" },
    },
  });
  await batch.completeRun({ ...(lease && { lease }), rowsRead: 5n, rowsRejected: 0n, chunksTotal: 1 });
}
