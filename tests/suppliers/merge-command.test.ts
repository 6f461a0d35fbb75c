import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RunningCommands, startCommands } from "../../services/cli/test/running-commands.ts";

// Each test starts the command several times, while other tests run.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const LEI = "506700GE1G29325QX363";

let cluster: PostgresServer;
let ops: ServiceProcess;
let commands: RunningCommands;
let folder = "";

beforeAll(async () => {
  commands = startCommands();
  cluster = await usePostgres();
  ops = await startService("ops-service", { DATABASE_URL: await cluster.createDatabase() });
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-merges-"));
  const { code, stdout } = await run(
    "import",
    await writeCsv("suppliers.csv", [
      "supplier_id,name,region,identifier_lei,shared_identifiers",
      `S-1,Alpine Steel GmbH,EU,${LEI},`,
      `S-2,Alpine Steel,EU,${LEI.toLowerCase()},lei`,
      "S-3,\u202dBaltic Wire,US,,",
      "S-4,Baltic Wire,US,,",
      "S-5,Wire Baltic Ltd,US,,",
      `S-6,Other,US,${LEI.slice(0, -1)}4,`,
      "S-7,Other,US,,vat",
      `S-8,Other,US,${LEI},`,
    ]),
  );
  expect(stdout).toContain("line 7, identifiers.lei: ");
  expect(stdout).toContain("is not a LEI: its check digits do not fit");
  expect(stdout).toContain(
    'line 8, shared_identifiers: "vat" is not a kind of identifier that has a value in this row',
  );
  expect(stdout).toContain(`line 9, identifiers.lei: "${LEI}" is also in line 2; only the first row counts`);
  expect([code, stdout]).toEqual([
    1,
    expect.stringContaining("4 created, 0 updated, 0 unchanged, 0 skipped, 4 rejected"),
  ]);
});
afterAll(async () => {
  await commands?.[Symbol.asyncDispose]();
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) =>
  commands.run({ args: ["suppliers", ...args], cwd: folder, env: { ...PROCESS_ENV, OPS_SERVICE_URL: ops.grpc } });

async function writeCsv(name: string, lines: readonly string[]): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `${lines.join("\n")}\n`);
  return file;
}

test("duplicates are listed with their evidence, and a dismissed pair is left out", async () => {
  const { stdout } = await run("duplicates");
  expect(stdout).toBe(
    [
      "S-1 Alpine Steel GmbH  =?  S-2 Alpine Steel",
      `  same LEI ${LEI}, similar name, same region EU`,
      "S-4 Baltic Wire  =?  S-5 Wire Baltic Ltd",
      "  similar name, same region US",
      "",
    ].join("\n"),
  );
  const wrong = await run("duplicates", "--dismiss", "S-4", "--reason", "x");
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("--dismiss needs two supplier ids")]);
  expect((await run("duplicates", "--dismiss", "S-4", "S-5")).code).toBe(2);
  expect((await run("duplicates", "--reason", "x")).code).toBe(2);
  const dismissed = await run("duplicates", "--dismiss", "S-4", "S-5", "--reason", "two companies");
  expect(dismissed.stdout).toBe("S-4 and S-5 are dismissed as duplicates\n");
  const left = JSON.parse((await run("duplicates", "--json")).stdout);
  expect(left).toMatchObject({ truncated: false, not_compared: 0, duplicates: [{ first: { supplier_id: "S-1" } }] });
  expect(left.duplicates).toHaveLength(1);
  const all = await run("duplicates", "--dismissed", "--supplier", "S-5");
  expect(all.stdout).toMatch(/ {2}dismissed by .*: two companies\n$/);
});

test("a merge needs a reason or a common identifier; search and show name both, and unmerge undoes it", async () => {
  const without = await run("merge", "S-1", "S-4");
  expect([without.code, without.stderr]).toEqual([2, expect.stringContaining("give a reason for the merge")]);
  const merged = await run("merge", "S-1", "S-2");
  expect(merged.stdout).toBe(`S-2 is merged into S-1\n  evidence: same LEI ${LEI}, similar name, same region EU\n`);
  expect((await run("merge", "S-1", "S-2")).stdout).toContain("S-2 is already merged into S-1");
  const chain = await run("merge", "S-4", "S-2", "--reason", "x");
  expect([chain.code, chain.stderr]).toEqual([1, expect.stringContaining('"S-2" is already merged into "S-1"')]);
  expect((await run("search", "S-2")).stdout).toContain("(found S-2, which is merged into it)");
  expect((await run("show", "S-1")).stdout).toMatch(/merged ids +S-2\n/);
  expect((await run("show", "S-2")).stdout).toMatch(/merged into +S-1\n/);
  const imported = await run("import", await writeCsv("merged.csv", ["supplier_id,owner", "S-2,Ada"]));
  expect(imported.stdout).toContain("1 row about merged suppliers");
  const undone = JSON.parse((await run("unmerge", "S-2", "--reason", "two companies", "--json")).stdout);
  expect(undone).toMatchObject({ survivor_id: "S-1", merged_id: "S-2", undo_reason: "two companies" });
  const again = await run("unmerge", "S-2", "--reason", "x");
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("S-2 is not merged into another supplier")]);
});

test("a cell of 200 kB and one of 4,097 bytes reject their rows alone, whatever the column is", async () => {
  const file = await writeCsv("huge.csv", [
    "supplier_id,name,identifier_erp",
    `L-1,One,${"9".repeat(200_000)}`,
    `L-2,${"x".repeat(4_097)},4711`,
    `L-3,${"x".repeat(4_096)},4712`,
    `${"L".repeat(200_000)},One,4713`,
    "L-5,Five,4714",
  ]);
  const { code, stdout } = await run("import", file, "--json");
  const report = JSON.parse(stdout);
  expect([code, report]).toMatchObject([1, { rows: 5, created: 1, rejected: 4 }]);
  expect(
    report.violations.map(({ line, field, reason }: { line: number; field: string; reason: string }) => [
      ...[line, field, reason],
    ]),
  ).toEqual([
    [2, "identifiers.erp", "is longer than 4096 bytes"],
    [3, "name", "is longer than 4096 bytes"],
    [4, "name", "is longer than 512 bytes of UTF-8"],
    [5, "supplier_id", "is longer than 4096 bytes"],
  ]);
  expect(stdout.length).toBeLessThan(4_000);
});

test("an exported file with a shared identifier imports without a change", async () => {
  const file = path.join(folder, "exported.csv");
  await run("export", file);
  const { stdout } = await run("import", file, "--json");
  expect(JSON.parse(stdout)).toMatchObject({ rows: 5, unchanged: 5, rejected: 0 });
});
