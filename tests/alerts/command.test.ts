import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { createLocalKeys, issueToken } from "@bellwether/mesh/auth/local-keys";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RunningCommands, startCommands } from "../../services/cli/test/running-commands.ts";

// Each test starts the command several times, while other tests run.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const SUPPLIERS = 260;
/** A day within the longest times of the alert rules. */
const DAY = new Date(Date.now() + 300 * 86_400_000).toISOString().slice(0, 10);
const HOSTILE = '=cmd|"/c calc"\u001b[31m\u202Egnp\u2028, Ltd';

let cluster: PostgresServer;
let ops: ServiceProcess;
let commands: RunningCommands;
let folder = "";

beforeAll(async () => {
  commands = startCommands();
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-alerts-"));
  const keys = await createLocalKeys(path.join(folder, "keys"));
  const tokens = { ana: "analyst", bo: "analyst", vic: "viewer", adam: "admin", batch: "service" } as const;
  for (const [subject, role] of Object.entries(tokens)) {
    const token = await issueToken(keys.privateKeyFile, { subject, roles: [role], lifetimeS: 3_600 });
    await writeFile(path.join(folder, subject), token);
  }
  cluster = await usePostgres();
  ops = await startService("ops-service", {
    DATABASE_URL: await cluster.createDatabase(),
    BELLWETHER_AUTH_JWKS_FILE: keys.publicKeysFile,
  });
  await scoreWeek(await readFile(path.join(folder, "batch"), "utf8"));
});
afterAll(async () => {
  await commands?.[Symbol.asyncDispose]();
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Scores one week in which the score of each supplier is critical. */
async function scoreWeek(token: string): Promise<void> {
  using transport = createMeshTransport({ url: ops.grpc, token: () => token });
  const batch = createClient(BatchService, transport);
  const { lease } = await batch.startRun({ isoWeek: "2026-W10", modelName: "supplier-risk", holder: "test" });
  const bytes = (values: Float32Array | Float64Array) => new Uint8Array(values.buffer);
  const ids = Array.from({ length: SUPPLIERS }, (_, i) => `S-${i}`);
  const digests = { modelDigest: "a".repeat(64), bundleDigest: "b".repeat(64), configHash: "c".repeat(64) };
  await batch.submitChunk({
    ...(lease && { lease }),
    chunk: 0,
    supplierIds: ids,
    supplierNames: ids.map((id, i) => (i === 0 ? HOSTILE : `Name of ${id}`)),
    regions: { name: "region", dictionary: ["EU", "US"], codes: ids.map((_, i) => i % 2) },
    exposures: bytes(Float64Array.from(ids, () => 1)),
    scores: {
      riskScores: bytes(Float64Array.from(ids, () => 0.9)),
      bands: new Uint8Array(ids.length).fill(4),
      columnNames: ["late_ratio"],
      contributions: bytes(Float32Array.from(ids, () => 1)),
      baseValue: -1,
      model: { name: "supplier-risk", version: "v1", ...digests, runtime: "onnxruntime", kernel: "k" },
    },
  });
  await batch.completeRun({
    ...(lease && { lease }),
    rowsRead: BigInt(ids.length),
    rowsRejected: 0n,
    chunksTotal: 1,
  });
}

const runAs = (person: string, ...args: string[]) =>
  commands.run({
    args: ["alerts", ...args],
    cwd: folder,
    env: { ...PROCESS_ENV, OPS_SERVICE_URL: ops.grpc, BELLWETHER_TOKEN_FILE: path.join(folder, person) },
  });
const run = (...args: string[]) => runAs("ana", ...args);

async function json(...args: string[]) {
  const { code, stdout, stderr } = await run(...args, "--json");
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  return { code, stderr, value: JSON.parse(stdout) };
}

/** Returns the id of the alert of a supplier, in any state. */
async function idOf(supplierId: string): Promise<string> {
  const { value } = await json("list", "--supplier", supplierId, "--rule", "high-score", "--state", "all");
  expect(value.alerts).toHaveLength(1);
  return value.alerts[0].alert_id;
}

test("a list has its filters, its limit over several pages, and says how much it leaves out", async () => {
  const cut = await json("list", "--rule", "high-score", "--limit", "250");
  expect(cut.value).toMatchObject({ total: SUPPLIERS, truncated: true });
  expect(new Set(cut.value.alerts.map((alert: { alert_id: string }) => alert.alert_id)).size).toBe(250);
  const both = ["--rule", "high-score", "--week", "2026-W10", "--model", "supplier-risk", "--severity", "critical"];
  const eu = await json("list", ...both, "--state", "open", "--region", "EU", "--text", "name of s-20", "--unowned");
  expect(eu.value.alerts.map((alert: { supplier_id: string }) => alert.supplier_id).toSorted()).toEqual(
    ["S-20", "S-200", "S-202", "S-204", "S-206", "S-208"].toSorted(),
  );
  const table = (await run("list", "--rule", "high-score", "--limit", "2")).stdout.split("\n");
  expect(table[0]).toMatch(/^ALERT\s+SEVERITY\s+STATE\s+SCORE\s+CHANGE\s+SUPPLIER\s+OWNER\s+AGE\s+REASON$/);
  expect(table[1]).toMatch(/^[0-9a-f]{8}\s+critical\s+open\s+0\.90\s+-\s+/);
  expect(table[3]).toBe(`2 of ${SUPPLIERS} alerts; --limit shows more`);
  expect((await run("list", "--mine")).stdout).toBe("no alert found\n");
});

test("an empty list names the values of its conditions that do not exist", async () => {
  const rule = await run("list", "--rule", "HIGH-SCORE");
  expect([rule.code, rule.stdout]).toEqual([0, "no alert found\n"]);
  expect(rule.stderr).toContain(
    'bellwether: --rule HIGH-SCORE does not exist (upper and lower case count): did you mean "high-score"? known: high-score,',
  );
  const region = await run("list", "--region", "eu", "--json");
  expect(JSON.parse(region.stdout)).toMatchObject({ total: 0 });
  expect(region.stderr).toContain(
    '--region eu does not exist (upper and lower case count): did you mean "EU"? known: EU, US',
  );
  // The value exists: the list is empty for another reason.
  expect((await run("list", "--region", "EU", "--mine")).stderr).toBe("");
  expect((await run("export", "--rule", "none")).stderr).toContain("--rule none does not exist");
});

test("a key for a region that no supplier has is created with a warning that names the nearest one", async () => {
  const create = (...scope: readonly string[]) =>
    commands.run({
      args: ["keys", "create", "--name", "buyers", "--role", "viewer", ...scope],
      cwd: folder,
      env: { ...PROCESS_ENV, OPS_SERVICE_URL: ops.grpc, BELLWETHER_TOKEN_FILE: path.join(folder, "adam") },
    });
  const { code, stdout, stderr } = await create("--region", "US", "eu");
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^bw_\S+\n$/)]);
  expect(stderr).toBe(
    'bellwether: warning: --region eu does not exist (upper and lower case count): did you mean "EU"? known: EU, US; this value gives the key access to no supplier now\n',
  );
});

test("names with control characters reach neither the terminal nor a spreadsheet program as they are", async () => {
  const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
  const id = await idOf("S-0");
  const shown = [await run("list", "--supplier", "S-0"), await run("show", id), await run("show", id, "--json")];
  for (const { code, stdout } of shown) {
    expect([code, invisible.test(stdout.replaceAll("\n", ""))]).toEqual([0, false]);
  }
  expect(shown[0]?.stdout).toContain('=cmd|"/c calc"\\u{1b}[31m…');
  expect(shown[1]?.stdout).toContain("\\u{1b}[31m\\u{202e}gnp\\u{2028}, Ltd");
  const { supplier_name } = JSON.parse(shown[2]?.stdout ?? "");
  expect(supplier_name).toContain("=cmd");
  const csv = await run("export", "--supplier", "S-0", "--rule", "high-score");
  const [header, row] = csv.stdout.split("\r\n");
  expect(header).toMatch(/^\uFEFFalert_id,supplier_id,supplier_name,severity,.*,summary,reasons$/);
  expect(row).toContain(`${id},S-0,"'=cmd|""/c calc""`);
});

test("an alert goes from open to resolved, by a part of its id, and the history has each action", async () => {
  const id = await idOf("S-1");
  const steps = [
    ["acknowledge", id.slice(0, 8), "--note", "mine"],
    ["mitigate", id.slice(0, 12).toUpperCase()],
    ["assign", id, "--to", "bo"],
    ["snooze", id, "--until", DAY, "--until-worse"],
    ["comment", id, "--text", "contract signed\nby both"],
    ["resolve", id, "--disposition", "accepted", "--until", DAY],
  ];
  const unknown = 'bellwether: warning: nobody named "bo" owns an alert or a supplier, or has signed in\n';
  for (const step of steps)
    expect(await run(...step)).toMatchObject({ code: 0, stderr: step[0] === "assign" ? unknown : "" });
  const { value } = await json("show", id);
  expect(value).toMatchObject({
    ...{ state: "resolved", disposition: "accepted", accepted_until: `${DAY}T23:59:59.000Z`, owner: "bo" },
    ...{ version: 7, changed_by: "ana", snooze: null },
  });
  expect(value.history.map(({ kind }: { kind: string }) => kind).toReversed()).toEqual([
    "raised",
    "acknowledged",
    "mitigation_started",
    "assigned",
    "snoozed",
    "commented",
    "resolved",
  ]);
  expect((await run("show", id)).stdout).toContain("    contract signed\n    by both\n");
  expect(await run("undo", id)).toMatchObject({ code: 0 });
  expect((await json("show", id)).value).toMatchObject({ state: "in_mitigation", version: 8 });
  expect((await json("undo", id)).value).toMatchObject({ failed: 1, results: [{ error: { reason: "ALERT_UNDO" } }] });
  expect((await run("reopen", id)).stderr).toContain("in_mitigation");
});

test("an owner who is not known yet is assigned with a warning that names the nearest one", async () => {
  const id = await idOf("S-16");
  expect(await run("assign", id, "--to", "Jo Berg (jo)")).toMatchObject({ code: 0 });
  expect(await run("assign", id, "--to", "Jo Berk (jo)")).toMatchObject({
    code: 0,
    stderr:
      'bellwether: warning: nobody named "Jo Berk (jo)" owns an alert or a supplier, or has signed in; did you mean "Jo Berg (jo)"?\n',
  });
  expect((await run("undo", id)).code).toBe(0);
  expect(await run("assign", id, "--to", "Jo Berg (jo)")).toMatchObject({ code: 0, stderr: "" });
});

test("an action that changes nothing says so, alone and among others", async () => {
  const [seven, eight] = await Promise.all(["S-17", "S-18"].map(idOf));
  const [first, second] = [seven ?? "", eight ?? ""];
  expect((await run("acknowledge", first)).stdout).not.toContain("nothing changed");
  const again = await run("acknowledge", first);
  expect([again.code, again.stdout]).toEqual([
    0,
    expect.stringContaining(`nothing changed: alert ${first.slice(0, 8)} was like this before\n`),
  ]);
  expect((await run("acknowledge", first, second)).stdout).toContain("1 changed, 1 unchanged, 0 failed\n");
  const { value } = await json("acknowledge", first);
  expect(value.results).toMatchObject([{ changed: false, error: null, alert: { version: 2 } }]);
});

test("a stale version names who changed the alert and the way out; nothing changes", async () => {
  const id = await idOf("S-2");
  expect((await runAs("bo", "acknowledge", id)).code).toBe(0);
  const late = await run("resolve", id, "--disposition", "false_data", "--version", "1");
  expect([late.code, late.stdout]).toEqual([1, ""]);
  expect(late.stderr).toContain("has the version 2 (acknowledged, changed by bo), not 1");
  expect(late.stderr).toContain(`bellwether alerts show ${id.slice(0, 8)}`);
  expect((await json("show", id)).value).toMatchObject({ state: "acknowledged", version: 2 });
  expect((await run("resolve", id, "--disposition", "false_data", "--version", "2")).code).toBe(0);
});

test("an action on several alerts has one result for each, and exit code 1 when one failed", async () => {
  const [three, four, five] = await Promise.all(["S-3", "S-4", "S-5"].map(idOf));
  const foreign = await run("resolve", four ?? "", "--disposition", "duplicate", "--of", (three ?? "").slice(0, 8));
  expect([foreign.code, foreign.stderr]).toEqual([2, expect.stringContaining("is about the supplier S-3, and this")]);
  expect(await run("resolve", four ?? "", "--disposition", "mitigated")).toMatchObject({ code: 0 });
  const none = "00000000-0000-4000-8000-000000000000";
  const ids = [three, four, three?.slice(0, 8), five, none, "ffffffff-0000"].flatMap((id) => id ?? []);
  const { code, value, stderr } = await json("acknowledge", ...ids);
  expect([code, value.failed]).toEqual([1, 3]);
  expect(
    value.results.map(({ given, error }: { given: string; error: { code: string } | null }) => [given, error?.code]),
  ).toEqual([
    [none, "NOT_FOUND"],
    ["ffffffff-0000", "NOT_FOUND"],
    [three, undefined],
    [four, "FAILED_PRECONDITION"],
    [five, undefined],
  ]);
  expect(stderr.trimEnd().split("\n")).toHaveLength(3);
  expect((await json("show", five ?? "")).value).toMatchObject({ state: "acknowledged", acknowledged_by: "ana" });
});

test("an export has every alert once, in CSV and in one line of JSON", async () => {
  const file = path.join(folder, "alerts.csv");
  expect((await json("export", file, "--state", "all", "--rule", "high-score")).value).toMatchObject({
    alerts: SUPPLIERS,
  });
  const lines = (await readFile(file, "utf8")).split("\r\n");
  expect(lines.length).toBe(SUPPLIERS + 2);
  const { value, stderr } = await json("export", "--state", "all", "--rule", "high-score");
  expect([value.count, value.alerts.length, stderr]).toEqual([SUPPLIERS, SUPPLIERS, ""]);
});

test("an override replaces severity and band until a day, and --end ends it", async () => {
  const id = await idOf("S-6");
  const replaced = ["--severity", "warning", "--band", "low", "--until", DAY, "--reason", "paid in full"];
  expect((await run("override", id, ...replaced)).code).toBe(0);
  const shown = (await json("show", id)).value;
  expect(shown).toMatchObject({ severity: "warning", override: { band: "low", reason: "paid in full" } });
  expect((await run("override", id, "--end", "--reason", "late again")).code).toBe(0);
  expect((await json("show", id)).value).toMatchObject({ severity: "critical", override: null });
});

const NO_ID = "12345678";
test.each([
  [["show", "1234567"], 2, "at least its first 8 characters"],
  [["show", "'; drop table alert"], 2, "is not the id of an alert"],
  [["show", NO_ID], 1, "no alert has an id that begins with 12345678"],
  [["resolve", NO_ID], 2, "--disposition"],
  [["override", NO_ID, "--reason", "x"], 2, "override needs --severity, --band or both"],
  [["override", NO_ID, "--band", "low", "--reason", "x"], 2, "override needs --until"],
  [["override", NO_ID, "--band", "low", "--end", "--reason", "x"], 2, "cannot be used with option"],
  [["resolve", NO_ID, "--disposition", "cleared"], 2, "mitigated, accepted, false_data, false_model, duplicate"],
  [["resolve", NO_ID, "--disposition", "mitigated", "--until", "2099-01-01"], 2, "--until is only for"],
  [["resolve", NO_ID, "--disposition", "duplicate"], 2, "--disposition duplicate needs --of"],
  [["snooze", NO_ID], 2, "snooze needs --until TIME, --until-worse or both"],
  [["snooze", NO_ID, "--until", "2026-02-30"], 2, "expected a day such as 2026-12-31"],
  [["assign", NO_ID], 2, "assign needs --to OWNER, or --nobody"],
  [["assign", NO_ID, "abcdefab", "--nobody", "--version", "1"], 2, "--version is for one alert"],
  [["list", "--owner", ""], 2, "--owner is empty"],
  [["list", "--limit", "0"], 2, "from 1 to 10000"],
  [["list", "--week", "2026-W60"], 2, "2026-W60"],
  [["list", "--model", "none"], 1, "none"],
])("%j ends with %d: %s", async (args, code, message) => {
  const ended = await run(...args);
  expect([ended.code, ended.stdout]).toEqual([code, ""]);
  expect(ended.stderr).toContain(message);
});

test("--watchlist takes the name of a list, or its id", async () => {
  const lists = (...args: string[]) =>
    commands.run({
      args: ["watchlists", ...args],
      cwd: folder,
      env: { ...PROCESS_ENV, OPS_SERVICE_URL: ops.grpc, BELLWETHER_TOKEN_FILE: path.join(folder, "ana") },
    });
  const made = await lists("create", "Castings 2027", "--json");
  expect((await lists("add", "Castings 2027", "S-7")).code).toBe(0);
  for (const list of ["castings 2027", JSON.parse(made.stdout).watchlist_id]) {
    const { value } = await json("list", "--rule", "high-score", "--state", "all", "--watchlist", list);
    expect(value.alerts.map((alert: { supplier_id: string }) => alert.supplier_id)).toEqual(["S-7"]);
  }
  const unknown = await run("list", "--watchlist", "Nobody's");
  expect([unknown.code, unknown.stderr]).toEqual([
    2,
    expect.stringContaining('watchlist "Nobody\'s"; watchlists list shows them'),
  ]);
});

test("a time in the past is an error of use; a viewer may list and may not decide", async () => {
  const id = await idOf("S-6");
  const before = (await json("show", id)).value;
  const past = await run("snooze", id, "--until", "2020-01-01");
  expect([past.code, past.stderr]).toEqual([2, expect.stringContaining("bellwether: --until: is not in the future")]);
  const far = await run("snooze", id, NO_ID, "--until", "2099-01-01");
  expect([far.code, far.stderr]).toEqual([2, expect.stringContaining("--until: is more than 366 days ahead")]);
  expect((await runAs("vic", "list", "--limit", "1")).code).toBe(0);
  const denied = await runAs("vic", "acknowledge", id);
  expect([denied.code, denied.stderr]).toEqual([1, expect.stringContaining("analyst")]);
  expect((await json("show", id)).value).toEqual(before);
});

test("a risk that is accepted without an end says how long it is accepted", async () => {
  const id = await idOf("S-8");
  const accepted = /resolved: accepted for [1-9]\d* run weeks? \(cool_down_weeks of the alert rules\)\n/;
  const resolved = await run("resolve", id, "--disposition", "accepted");
  expect([resolved.code, resolved.stdout]).toEqual([0, expect.stringMatching(accepted)]);
  expect((await run("show", id)).stdout).toMatch(accepted);
  expect(await run("reopen", id)).toMatchObject({ code: 0 });
});

test("an error prints the control characters of its input as escapes", async () => {
  const ended = await run("show", "\u001b]0;x\u0007\u202E", "--json");
  expect([ended.code, /[\p{Cc}\p{Cf}]/u.test(`${ended.stdout}${ended.stderr}`.replaceAll("\n", ""))]).toEqual([
    2,
    false,
  ]);
});

test("more than 200 alerts in one call are an error of use", async () => {
  const ids = Array.from({ length: 201 }, (_, i) => String(10_000_000 + i));
  const ended = await run("acknowledge", ...ids);
  expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining("one call takes at most 200")]);
});

test("an alert that was assigned is in the list of its owner; nobody and end take owner and snooze away", async () => {
  const id = await idOf("S-7");
  expect((await runAs("bo", "assign", id, "--to", "ana")).code).toBe(0);
  expect((await json("snooze", id, "--until-worse")).value.results[0].alert.snooze).toMatchObject({
    until_worse: true,
  });
  const mine = await json("list", "--mine", "--snoozed");
  expect(mine.value.alerts.map(({ alert_id }: { alert_id: string }) => alert_id)).toEqual([id]);
  expect((await json("list", "--mine", "--awake")).value).toEqual({ alerts: [], total: 0, truncated: false });
  // A repetition with the version that was seen changes nothing.
  for (let i = 0; i < 2; i++) {
    const ended = await json("snooze", id, "--end", "--version", "3");
    expect(ended.value).toMatchObject({ failed: 0, results: [{ alert: { snooze: null, version: 4 } }] });
  }
  expect((await json("assign", id, "--nobody")).value.results[0].alert).toMatchObject({ owner: "", version: 5 });
});
