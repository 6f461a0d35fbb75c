import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isOrdinary } from "@bellwether/contract/erasure/ordinary-words";
import { AlertSeverity, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  CheckKind,
  CheckOutcome,
  ColumnKind,
  DriftAspect,
  DriftKind,
  DriftOutcome,
  DriftReference,
  RunState,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { OnConflict } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { WatchlistService } from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { type OpsHarness, startOps, testChunk } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

/** Suppliers with names that are words of the product, and one whose name is a part of names of other suppliers. */
const NAMES: ReadonlyMap<string, string> = new Map(
  [
    ...["Open", "Passed", "critical", "high", "supplier", "the", "score", "Weekly", "Birch", "default"],
    ...[
      "Acknowledged",
      "warning",
      "risk",
      "complete",
      "unit",
      "Training",
      "Alarm",
      "values",
      "The Supplier",
      "override",
    ],
  ].map((name, i) => [`w${i}`, name]),
);
const OTHER = "Birch Logistics 00011";
const NOTE = `the supplier ${OTHER} has a high score, is open to talks, and Passed the critical unit`;

let cluster: PostgresServer;
let pool: PostgresPool;
let ops: OpsHarness;

beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());
beforeEach(async () => {
  const url = await cluster.createDatabase();
  ops = await startOps(url, { now: () => new Date("2026-12-28T06:00:00Z") });
  pool = await openPostgres(url, { max: 1 });
  onTestFinished(async () => {
    await pool.close();
    await ops[Symbol.asyncDispose]();
  });
});

const LATER = timestampFromMs(Date.parse("2026-12-30T06:00:00Z"));
const MODEL = "supplier-risk";

/** Completes a week with a check, a profile, an approval, drift and a rejected row. */
async function completeWeek(isoWeek: string, scoreOf: (id: string) => number) {
  const rows = [...NAMES.keys(), "other", "third"].map((id) => ({ id, score: scoreOf(id) }));
  const acceptLosses = { reason: NOTE, actor: "jo" };
  const source = { modelName: MODEL, sourceDigest: randomUUID().replaceAll("-", "").repeat(2) };
  const { lease } = await ops.batch.startRun({ isoWeek, ...source, holder: isoWeek, acceptLosses });
  const chunk = testChunk(lease, 0, rows);
  chunk.supplierNames = rows.map(({ id }) => NAMES.get(id) ?? (id === "other" ? OTHER : "Third"));
  await ops.batch.submitChunk(chunk);
  const comparison = {
    ...{ reference: DriftReference.TRAINING, aspect: DriftAspect.VALUES, outcome: DriftOutcome.ALARM },
    ...{ referenceRows: 10n, presentRows: 10n, category: "high", text: "the share of high rose" },
    bins: [{ category: "Open", referenceShare: 0.5, presentShare: 0.5 }],
  };
  const { run } = await ops.batch.completeRun({
    ...{ ...(lease && { lease }), rowsRead: BigInt(rows.length), rowsRejected: 0n, chunksTotal: 1, acceptLosses },
    checks: [{ kind: CheckKind.UNIT, outcome: CheckOutcome.PASSED, column: "score", detail: "the unit is the same" }],
    profile: [{ column: "state", rows: 3n, distinct: 3n, topValue: "Open", topRows: 1n, kind: ColumnKind.TEXT }],
    drift: [{ feature: "score", psi: 0.1, kind: DriftKind.CATEGORY, comparisons: [comparison] }],
    inputReport: {
      samples: [
        { source: "orders", file: "open.csv", line: 7n, column: "score", reason: "not_a_number", text: "x9,high,the" },
      ],
    },
  });
  return run;
}

const alertOf = async (supplierId: string) => (await ops.alerts.listAlerts({ supplierId })).alerts[0];
async function seen(supplierId: string) {
  const alert = await alertOf(supplierId);
  return { alertId: alert?.alertId ?? "", version: alert?.version ?? 0n };
}

/** Returns the rows of all tables as texts. */
async function rowsByTable(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    "select c.relname as name from pg_class c where c.relnamespace = 'bellwether'::regnamespace and c.relkind = 'r' order by 1",
  );
  const all = new Map<string, readonly string[]>();
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(`select t::text as row from bellwether."${name}" t order by 1`);
    all.set(
      name,
      rows.map(({ row }) => row),
    );
  }
  return all;
}

async function fill(): Promise<void> {
  await completeWeek("2026-W50", () => 0.8);
  await ops.suppliers.importSuppliers({
    ...{ requestId: randomUUID(), onConflict: OnConflict.UPDATE },
    rows: [...NAMES].map(([supplierId, name]) => ({ supplierId, name })),
  });
  for (const id of ["other", "w0"]) {
    await ops.alerts.acknowledgeAlert({ ...(await seen(id)), note: NOTE });
    await ops.alerts.snoozeAlert({ ...(await seen(id)), until: LATER, note: NOTE });
    const override = { severity: AlertSeverity.WARNING, reason: NOTE, until: LATER };
    await ops.alerts.overrideAlert({ ...(await seen(id)), ...override });
  }
  const outcome = { happenedOn: "2026-12-01", value: OutcomeValue.OCCURRED };
  await ops.outcomes.recordOutcomes({
    requestId: randomUUID(),
    rows: [{ supplierId: "other", ...outcome, note: NOTE }],
  });
  const watchlists = createClient(WatchlistService, createGrpcTransport({ baseUrl: ops.grpcUrl }));
  await watchlists.createWatchlist({ name: "the supplier list", note: NOTE });
  const rulesYaml = await readFile(new URL("../../../config/alert_rules.yaml", import.meta.url), "utf8");
  await ops.rules.putRuleDraft({ rulesYaml: `# changed\n${rulesYaml}`, version: 0n });
  await ops.rules.activateRuleDraft({ setId: "default", version: 1n, reason: NOTE, force: true });
  await completeWeek("2026-W51", () => 0.95);
  for (const id of ["other", "w0"]) await ops.alerts.startMitigation({ ...(await seen(id)), note: NOTE });
}

const SUBJECTS = [...NAMES.keys()];
const erase = (supplierId: string) => ops.audit.eraseSubject({ supplierId, reason: "request" });

/** Tables whose rows an erasure adds, or in which only rows of the supplier itself change (compared below). */
const OWN = new Set(["audit_event", "audit_head", "request_key", "run_report", "subject_erasure"]);

test("erasing suppliers whose names are words of the product changes only texts about these suppliers", async () => {
  await fill();
  const before = await rowsByTable();
  const { rows: alertIds } = await pool.query<{ id: string }>(
    `select a.id::text from bellwether.alert a join bellwether.supplier u on u.id = a.supplier_id where u.external_id like 'w%'`,
  );
  const own = [...SUBJECTS, ...alertIds.map(({ id }) => id)];
  const reportsBefore = await reports();
  for (const id of SUBJECTS) await erase(id);
  const after = await rowsByTable();
  const changed = [...before].flatMap(([table, rows]) =>
    OWN.has(table) ? [] : rows.filter((row) => !after.get(table)?.includes(row)).map((row) => `${table}: ${row}`),
  );
  const others = changed.filter((row) => !own.some((id) => row.includes(id)));
  // The names and search keys of the suppliers themselves.
  expect(others.filter((row) => !/^(supplier_search|supplier_match): /.test(row))).toEqual([]);
  const { rows: erased } = await pool.query<{ subject: string; kind: string }>(
    "select subject, kind from bellwether.audit_event where payload is null",
  );
  expect(erased.length).toBeGreaterThan(0);
  expect(erased.filter(({ subject }) => !own.includes(subject))).toEqual([]);
  expect(await reports()).toEqual(reportsBefore.map(withoutOwnTexts));
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true });
});

async function reports() {
  const { rows } = await pool.query<{ report: string }>("select report from bellwether.run_report order by run_id");
  return rows.map(({ report }): unknown => JSON.parse(report));
}

/** Returns a report whose objects about the suppliers have no name and no reason. */
function withoutOwnTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOwnTexts);
  if (typeof value !== "object" || value === null) return value;
  const isOwn = "supplier_id" in value && SUBJECTS.includes(String(value.supplier_id));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) =>
      isOwn && ["name", "supplier_name", "why"].includes(key) ? [key, ""] : [key, withoutOwnTexts(member)],
    ),
  );
}

test("alerts and weeks can be changed after erasures of suppliers named as their states", async () => {
  await fill();
  for (const id of SUBJECTS) await erase(id);
  for (const id of ["other", "w0"]) {
    await ops.alerts.undoAlertAction(await seen(id));
    expect((await alertOf(id))?.state).toBe(AlertState.OPEN);
  }
  const { runs } = await ops.batch.listRuns({});
  const latest = runs.find(({ isoWeek }) => isoWeek === "2026-W51");
  await ops.batch.supersedeRun({ runId: latest?.runId ?? 0, reason: "the file was wrong" });
  const second = await completeWeek("2026-W51", (id) => (id === "third" ? 0.1 : 0.96));
  expect(second).toMatchObject({ state: RunState.COMPLETE, revision: 2 });
  await ops.batch.voidRun({ runId: second?.runId ?? 0, reason: "wrong" });
  expect((await ops.batch.listRuns({})).runs.map(({ state }) => state)).toContain(RunState.VOIDED);
});

test("states and kinds of the database are ordinary words", async () => {
  const { rows } = await pool.query<{ label: string }>("select enumlabel as label from pg_enum order by 1");
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.map(({ label }) => label.replaceAll("_", " ")).filter((label) => !isOrdinary(label))).toEqual([]);
});

test("the answer says which names were not searched, and why", async () => {
  await fill();
  const why = async (id: string) => (await erase(id)).notErased.filter((text) => text.includes(`the name of "${id}"`));
  expect(await why("w0")).toEqual([
    'the name of "w0" consists of ordinary words: it was not searched in texts about something else',
  ]);
  await ops.suppliers.importSuppliers({
    ...{ requestId: randomUUID(), onConflict: OnConflict.UPDATE },
    rows: [
      { supplierId: "steel", name: "Steel", category: "steel" },
      { supplierId: "maple", name: "Maple" },
      ...Array.from({ length: 101 }, (_, i) => ({ supplierId: `m${i}`, name: `Maple Works ${i}` })),
    ],
  });
  expect(await why("steel")).toEqual([
    'the name of "steel" is also a region or a category: it was not searched in texts about something else',
  ]);
  expect(await why("maple")).toEqual([
    'the name of "maple" is a part of the names of more than 100 other suppliers: it was not searched in texts about something else',
  ]);
});

test("a name that is a part of other names is erased alone, and longer names of other suppliers stay", async () => {
  await fill();
  const { alertId } = await seen("other");
  await ops.alerts.commentOnAlert({ ...(await seen("other")), comment: `${OTHER.toUpperCase()} is late, Birch says` });
  const birch = [...NAMES].find(([, name]) => name === "Birch")?.[0] ?? "";
  expect((await erase(birch)).namedTexts).toBe(1n);
  const { rows } = await pool.query<{ note: string }>(
    "select note from bellwether.alert_event where alert_id = $1 and kind = 'commented'",
    [alertId],
  );
  expect(rows).toEqual([{ note: `${OTHER.toUpperCase()} is late, [erased] says` }]);
});

test("each changed report of a week is counted once, also one in which the name is in a text only", async () => {
  const name = "Quendel & Söhne KG";
  const acceptLosses = { reason: `as ${name} says`, actor: "jo" };
  const checks = [{ kind: CheckKind.UNIT, outcome: CheckOutcome.FAILED, column: "a", detail: "wrong" }];
  for (const [isoWeek, more] of [
    ["2026-W50", {}],
    ["2026-W51", { acceptLosses, checks }],
  ] as const) {
    const { lease } = await ops.batch.startRun({ isoWeek, modelName: MODEL, holder: isoWeek });
    await ops.batch.submitChunk(testChunk(lease, 0, [{ id: "other", score: 0.9 }]));
    const counts = { rowsRead: 1n, rowsRejected: 0n, chunksTotal: 1 };
    await ops.batch.completeRun({ ...(lease && { lease }), ...counts, ...more });
  }
  await ops.suppliers.importSuppliers({
    ...{ requestId: randomUUID(), onConflict: OnConflict.UPDATE },
    rows: [{ supplierId: "q", name }],
  });
  expect(JSON.stringify(await reports())).toContain(`as ${name} says`);
  expect(await erase("q")).toMatchObject({ reports: 1n });
  expect(JSON.stringify(await reports())).toContain("as [erased] says");
  expect(await erase("q")).toMatchObject({ reports: 0n });
});
