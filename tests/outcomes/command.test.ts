import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
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

const SUPPLIERS = 40;

let cluster: PostgresServer;
let ops: ServiceProcess;
let commands: RunningCommands;
let folder = "";

beforeAll(async () => {
  commands = startCommands();
  cluster = await usePostgres();
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-outcomes-"));
  ops = await startService("ops-service", { DATABASE_URL: await cluster.createDatabase() });
  const batch = createClient(BatchService, createGrpcTransport({ baseUrl: ops.grpc }));
  for (const isoWeek of ["2026-W01", "2026-W02"]) await runWeek(batch, isoWeek);
});
afterAll(async () => {
  await commands?.[Symbol.asyncDispose]();
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a week of S-0 to S-39 with rising scores. */
async function runWeek(batch: ReturnType<typeof createClient<typeof BatchService>>, isoWeek: string): Promise<void> {
  const { lease } = await batch.startRun({ isoWeek, modelName: "supplier-risk", holder: "test" });
  const scores = Float64Array.from({ length: SUPPLIERS }, (_, i) => 0.05 + i / 50);
  const digests = { modelDigest: "a".repeat(64), bundleDigest: "b".repeat(64), configHash: "c".repeat(64) };
  await batch.submitChunk({
    ...(lease && { lease }),
    supplierIds: Array.from(scores, (_, i) => `S-${i}`),
    exposures: new Uint8Array(new Float64Array(SUPPLIERS).fill(1_000).buffer),
    scores: {
      riskScores: new Uint8Array(scores.buffer),
      bands: new Uint8Array(SUPPLIERS).fill(2),
      columnNames: ["late_ratio"],
      contributions: new Uint8Array(new Float32Array(SUPPLIERS).buffer),
      model: { name: "supplier-risk", version: "v1", ...digests, runtime: "onnxruntime", kernel: "k" },
    },
  });
  const counts = { rowsRead: BigInt(SUPPLIERS), rowsRejected: 0n, chunksTotal: 1 };
  await batch.completeRun({ ...(lease && { lease }), ...counts });
}

const run = (...args: string[]) =>
  commands.run({ args, cwd: folder, env: { ...PROCESS_ENV, OPS_SERVICE_URL: ops.grpc } });

async function json(...args: string[]) {
  const { code, stdout, stderr } = await run(...args, "--json");
  expect(stderr).toBe("");
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  return { code, report: JSON.parse(stdout) };
}

async function write(name: string, lines: readonly string[]): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `${lines.join("\n")}\n`);
  return file;
}

test("a file is imported row by row: what is invalid is reported with its line, and a dry run stores nothing", async () => {
  const file = await write("events.csv", [
    "supplier_id,happened_on,known_on,iso_week,occurred,note",
    "S-1,2026-02-01,2026-02-20,,,insolvency",
    "nobody,2026-02-01,2026-02-20,,,",
    "S-2,2026-02-30,2026-03-20,,,",
    "S-3,2999-01-01,,,,",
    'S-4,,,2026-W01,false,"two, cells"',
    "S-4,,,2026-W01,true,",
    "S-5,2026-02-01,2026-01-20,,,",
    "S-6,,,2019-W01,false,",
  ]);
  const dry = await json("outcomes", "import", file, "--dry-run");
  expect(dry).toMatchObject({ code: 1, report: { dry_run: true, recorded: 2, rejected: 6 } });
  expect((await json("outcomes", "list")).report.outcomes).toEqual([]);
  const { code, report } = await json("outcomes", "import", file);
  expect([code, report.rows, report.recorded, report.unchanged, report.rejected]).toEqual([1, 8, 2, 0, 6]);
  expect(report.unread.samples).toMatchObject([{ line: 4, column: "happened_on", text: "2026-02-30" }]);
  expect(report.violations.map(({ line, field }: { line: number; field: string }) => [line, field])).toEqual([
    [3, "supplier_id"],
    [5, "happened_on"],
    [7, "value"],
    [8, "known_on"],
    [9, "iso_week"],
  ]);
  const again = await run("outcomes", "import", file);
  expect(again.stdout).toMatch(
    /^line 3, supplier_id: "nobody" is not a supplier: .*; import it with bellwether suppliers import first$/m,
  );
  expect(again.stdout).toContain(
    "8 rows: 0 recorded, 0 corrected, 2 unchanged, 6 rejected about supplier-risk, 90 days after each week",
  );
});

test("a mapping names the columns and forms of another file; its errors are reported together with their lines", async () => {
  const file = await write("insolvencies.txt", [
    "Vendor No;Event;Booked",
    "S-10;03.02.2026;14.03.2026",
    "S-11;31.02.2026;14.03.2026",
  ]);
  const mapping = await write("outcome_mapping.yaml", [
    "version: 1",
    "source:",
    "  file: insolvencies.csv",
    '  delimiter: ";"',
    "  columns:",
    "    vendor: { type: text, header: Vendor No, trim: true }",
    '    event: { type: date, header: Event, formats: ["%d.%m.%Y"] }',
    '    booked: { type: date, header: Booked, formats: ["%d.%m.%Y"] }',
    "rows: { supplier_id: vendor, happened_on: event, known_on: booked }",
  ]);
  const { report } = await json("outcomes", "import", file, "--mapping", mapping);
  expect(report).toMatchObject({
    rows: 2,
    recorded: 1,
    rejected: 1,
    unread: { rows: 1, samples: [{ line: 3, column: "Event" }] },
  });
  const { outcomes } = (await json("outcomes", "list", "--supplier", "S-10")).report;
  expect(outcomes).toMatchObject([
    { happened_on: "2026-02-03", known_on: "2026-03-14", source: "file", value: "occurred" },
  ]);
  const wrong = await write("wrong.yaml", [
    "version: 1",
    "source: { file: a.csv, columns: { vendor: text, day: text } }",
    "rows: { supplier_id: nobody, happened_on: day }",
  ]);
  const failed = await run("outcomes", "import", file, "--mapping", wrong);
  expect(failed.code).toBe(2);
  expect((await run("outcomes", "import", "nowhere.csv")).code).toBe(2);
  expect((await run("outcomes", "correct", "nope", "--withdraw", "--reason", "x")).stderr).toContain(
    "as outcomes list shows it",
  );
  expect(failed.stderr).toMatch(/wrong\.yaml.*3[\s\S]*nobody[\s\S]*of type text/);
});

test("an outcome is recorded, corrected and withdrawn, with its trace", async () => {
  expect((await run("outcomes", "record", "S-20", "--happened-on", "2026-02-01")).stdout).toBe(
    "recorded, about supplier-risk\n",
  );
  expect((await run("outcomes", "record", "S-20", "--happened-on", "2026-02-01")).stdout).toBe(
    "unchanged: the same outcome was recorded before, about supplier-risk\n",
  );
  const noted = ["outcomes", "record", "S-20", "--happened-on", "2026-02-01", "--note", "court notice 7"];
  expect((await run(...noted)).stdout).toContain("with another note, which is kept (--correct replaces it)");
  const rejected: [string[], number, string][] = [
    [["S-20", "--not-occurred"], 2, "say what the outcome is about: --week, --happened-on or --prediction"],
    [["S-20", "--happened-on", "2026-02-01", "--not-occurred"], 2, "omit it, or omit --not-occurred"],
    [["S-20", "--week", "nonsense"], 2, "'nonsense' is invalid"],
    [["S-20", "--happened-on", "01.02.2026"], 2, "expected a day, for example 2026-03-01"],
    [["S-20", "--week", "2026-W01", "--known-on", "2026-02-30"], 2, "expected a day"],
    [["--prediction", "nope"], 2, "expected a UUID, as predict --url URL --json shows it"],
    [["--prediction", randomUUID()], 1, "name the supplier id and --week instead"],
    [["nobody", "--happened-on", "2026-02-01"], 1, 'bellwether: supplier id: "nobody" is not a supplier'],
    [["nobody", "--happened-on", "2026-02-01"], 1, "import it with bellwether suppliers import first"],
    [["S-20", "--happened-on", "2026-02-01", "--week", "2026-W02", "--not-occurred"], 2, "--not-occurred"],
    [["S-20", "--week", "2020-W02"], 1, 'bellwether: --week: "2020-W02" has no complete run'],
  ];
  await run("outcomes", "record", "S-21", "--week", "2026-W01", "--known-on", "2026-02-20");
  rejected.push(
    [["S-21", "--week", "2026-W01", "--not-occurred"], 1, "OCCURRED; to replace it, use --correct"],
    [["S-21", "--week", "2026-W01", "--known-on", "2026-02-21"], 1, 'bellwether: --known-on: "2026-02-21" contradicts'],
    [["S-21", "--week", "2026-W01", "--known-on", "2026-02-21"], 1, "from 2026-02-20; to replace it, use --correct"],
    [["S-22", "--week", "2026-W02", "--known-on", "2020-01-01"], 1, 'bellwether: --known-on: "2020-01-01" is before'],
    [["S-22", "--week", "2026-W01", "--review"], 1, 'bellwether: supplier id: "S-22" is not in the review sample'],
    [["S-22", "--week", "2026-W01", "--review"], 1, "bellwether outcomes reviews lists the suppliers of the sample"],
  );
  for (const [args, code, text] of rejected) {
    const ran = await run("outcomes", "record", ...args);
    expect([args.join(" "), ran.code, ran.stdout, ran.stderr]).toEqual([
      args.join(" "),
      code,
      "",
      expect.stringContaining(text),
    ]);
  }
  const nobody = await run("outcomes", "record", "nobody", "--happened-on", "2026-02-01", "--json");
  expect(nobody.stdout.trimEnd().split("\n")).toHaveLength(1);
  expect(JSON.parse(nobody.stdout)).toMatchObject({ rejected: 1, violations: [{ field: "supplier_id" }] });
  const [{ outcome_id: id }] = (await json("outcomes", "list", "--supplier", "S-20")).report.outcomes;
  const corrected = await json(
    "outcomes",
    "correct",
    id,
    "--value",
    "occurred",
    "--happened-on",
    "2026-02-03",
    "--reason",
    "court notice",
  );
  expect(corrected.report.outcome).toMatchObject({ happened_on: "2026-02-03", replaces: id, note: "court notice" });
  const { outcome_id: present } = corrected.report.outcome;
  expect((await run("outcomes", "correct", present, "--withdraw", "--reason", "another company")).code).toBe(0);
  expect((await json("outcomes", "list", "--supplier", "S-20")).report.outcomes).toEqual([]);
  expect((await json("outcomes", "list", "--supplier", "S-20", "--all")).report.outcomes).toHaveLength(3);
  expect((await run("outcomes", "correct", present, "--reason", "x")).code).toBe(2);
});

test("the review sample is shown as please check, and answers to it", async () => {
  const reviews = async () => (await json("outcomes", "reviews")).report;
  await vi.waitUntil(async () => (await reviews()).frame > 0, { timeout: 60_000, interval: 500 });
  const {
    iso_week,
    reviews: [{ supplier_id }],
  } = await reviews();
  expect((await run("outcomes", "reviews")).stdout).toContain(`please check: ${supplier_id}`);
  expect((await run("outcomes", "record", supplier_id, "--week", iso_week, "--not-occurred", "--review")).code).toBe(0);
  expect((await json("outcomes", "reviews", "--open")).report.reviews).toEqual([]);
});

test("performance is printed with coverage, and as one line of JSON", async () => {
  const rows = Array.from({ length: 15 }, (_, i) => `S-${SUPPLIERS - 1 - i},2026-W02,true`);
  const others = Array.from({ length: 24 }, (_, i) => `S-${i},2026-W02,false`);
  const file = await write("weeks.csv", ["supplier_id,iso_week,occurred", ...rows, ...others]);
  await run("outcomes", "import", file, "--correct");
  const { stdout, code } = await run("performance", "--html", "performance.html");
  expect(code).toBe(0);
  expect(stdout).toContain("supplier-risk, 2025-W03 to 2026-W02");
  expect(stdout).toMatch(/outcomes: within 90 days after each week, as known on 20/);
  expect(stdout).toMatch(/AUC 0\.\d{3} \(0\.\d{3} to 0\.\d{3}\)|AUC 1\.000 \(/);
  expect(stdout).toMatch(/2026-W02 {2}v1 {2}outcomes \d+ of 40/);
  const html = await readFile(path.join(folder, "performance.html"), "utf8");
  expect(html).toContain("<h1>Performance of supplier-risk, 2025-W03 to 2026-W02</h1>");
  expect(html).not.toMatch(/undefined|NaN|<script/);
  const { report } = await json("performance", "--known-on", "2020-01-01");
  expect(report).toMatchObject({ model: "supplier-risk", overall: { rows: 0, note: "no outcome is known" } });
  expect((await run("performance", "--from", "2026-W54")).code).not.toBe(0);
});
