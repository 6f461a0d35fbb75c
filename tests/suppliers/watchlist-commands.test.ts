import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type RunningCommands, startCommands } from "../../services/cli/test/running-commands.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const POLICY = `version: 1
retention: { report_weeks: 53, note_days: 365 }
external_scores:
  rating:
    { title: Rating, licence: "internal use only", min: 0, max: 100, higher_is: better, stale_after_days: 30 }
`;

let cluster: PostgresServer;
let ops: ServiceProcess;
let commands: RunningCommands;
let folder = "";

beforeAll(async () => {
  commands = startCommands();
  cluster = await usePostgres();
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-watchlists-"));
  const policy = path.join(folder, "risk_policy.yaml");
  await writeFile(policy, POLICY);
  ops = await startService("ops-service", {
    DATABASE_URL: await cluster.createDatabase(),
    BELLWETHER_RISK_POLICY: policy,
  });
  await writeFile(path.join(folder, "suppliers.csv"), "supplier_id,name\nS1,One\nS2,Two\n");
  expect((await run("suppliers", "import", "suppliers.csv")).code).toBe(0);
});
afterAll(async () => {
  await commands?.[Symbol.asyncDispose]();
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) =>
  commands.run({ args, cwd: folder, env: { ...PROCESS_ENV, OPS_SERVICE_URL: ops.grpc } });
const json = async (...args: string[]) => {
  const { stdout, stderr } = await run(...args, "--json");
  expect(stderr).toBe("");
  return JSON.parse(stdout);
};

describe("bellwether watchlists", () => {
  test("a list is created once, changed, shown and deleted", async () => {
    const created = await json("watchlists", "create", "Castings", "--note", "end in March", "--shared");
    expect(created).toMatchObject({ name: "Castings", visibility: "shared", version: 1, suppliers: 0 });
    expect(await json("watchlists", "create", "Castings", "--note", "end in March", "--shared")).toEqual(created);
    expect(await json("watchlists", "add", "castings", "S1", "S2", "S1")).toMatchObject({ added: 2, suppliers: 2 });
    const shown = await run("watchlists", "show", created.watchlist_id);
    expect(shown.stdout).toContain("Castings (");
    expect(shown.stdout).toContain("S1: no score in the latest week");
    expect(await json("watchlists", "list", "--supplier", "S2")).toMatchObject({ watchlists: [{ name: "Castings" }] });
    expect(await json("watchlists", "remove", "Castings", "S2", "nobody")).toMatchObject({ removed: 1, suppliers: 1 });
    expect(await json("watchlists", "list", "--supplier", "S2")).toMatchObject({ watchlists: [] });
    expect(await json("watchlists", "update", "Castings", "--private", "--note", "")).toMatchObject({
      ...{ visibility: "private", note: "", name: "Castings" },
    });
    expect((await run("alerts", "list", "--watchlist", created.watchlist_id)).stdout).toContain("no alert found");
    expect((await run("watchlists", "delete", "Castings")).stdout).toContain("deleted: Castings");
    expect((await json("watchlists", "list")).watchlists).toEqual([]);
  });

  test("an unknown list is wrong use, an unknown supplier is an error, and nothing is added", async () => {
    await run("watchlists", "create", "Freight");
    expect(await run("watchlists", "show", "none")).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining('there is no watchlist "none"') },
    });
    const unknown = await run("watchlists", "add", "Freight", "S1", "nobody");
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("nobody")]);
    expect((await json("watchlists", "show", "Freight")).suppliers).toBe(0);
    expect((await run("alerts", "list", "--watchlist", "freight")).code).toBe(0);
    expect((await run("alerts", "list", "--watchlist", "none")).code).toBe(2);
  });
});

describe("bellwether suppliers import-scores", () => {
  test("stores scores, reports rejected rows, and the supplier has them with licence", async () => {
    const today = new Date().toISOString().slice(0, 10);
    const rows = [`S1,0,${today}`, `S2,50,2001-01-01`, `S1,101,${today}`, `nobody,1,${today}`, "S2,NaN,2026-01-01"];
    await writeFile(path.join(folder, "scores.csv"), `supplier_id,score,as_of\n${rows.join("\n")}\n`);
    const dry = await json("suppliers", "import-scores", "scores.csv", "--source", "rating", "--dry-run");
    expect(dry).toMatchObject({ rows: 5, stored: 2, rejected: 3, dry_run: true });
    expect(dry.rejected_rows.map(({ line }: { line: number }) => line)).toEqual([4, 5, 6]);
    const stored = await run("suppliers", "import-scores", "scores.csv", "--source", "rating");
    expect([stored.code, stored.stdout]).toEqual([1, expect.stringContaining("5 rows: 2 stored, 0 unchanged")]);
    const one = await run("suppliers", "show", "S1");
    expect(one.stdout).toContain(`Rating: 0 as of ${today} (scale 0 to 100, higher is better)`);
    expect(one.stdout).toContain("licence: internal use only");
    const two = await json("suppliers", "show", "S2");
    expect(two.external_scores).toMatchObject([
      { source: "rating", score: null, missing: "stale", as_of: "2001-01-01" },
    ]);
  });

  test("an unknown source and a file with other columns are named", async () => {
    await writeFile(path.join(folder, "other.csv"), "supplier_id,points\nS1,1\n");
    expect(await run("suppliers", "import-scores", "other.csv", "--source", "rating")).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining("supplier_id,score,as_of") },
    });
    const unknown = await run("suppliers", "import-scores", "scores.csv", "--source", "none");
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("there are: rating")]);
  });
});

test("bellwether retention lists every kind with its setting", async () => {
  const { stdout } = await run("retention");
  expect(stdout).toContain(
    "reports of weeks, and profiles of their input columns: kept for 53 weeks (retention.report_weeks in risk_policy.yaml)",
  );
  expect(stdout).toContain("notes of alerts: kept for 365 days after the resolution of the alert");
  expect(stdout).toContain("alerts and their history, without notes: kept forever");
  const { kinds } = await json("retention");
  expect(kinds).toContainEqual(
    expect.objectContaining({ kind: "audit_payloads", kept: "forever", amount: null, removed: 0 }),
  );
});

test("bellwether audit erase says what is pending, and audit erasures what is done", async () => {
  const erased = await run("audit", "erase", "S1", "--reason", "request of the person");
  expect(erased.stdout).toContain("pending: payloads of batches");
  await vi.waitFor(
    async () => expect((await json("audit", "erasures")).erasures).toMatchObject([{ batches_done: true }]),
    { timeout: 60_000 },
  );
  const { stdout } = await run("audit", "erasures");
  expect(stdout).toContain("S1: erased ");
  expect(stdout).toContain("batches of the audit log: searched, 0 payloads erased");
  expect(stdout).toContain("files of weeks: pending, no scheduler-service has reported");
});
