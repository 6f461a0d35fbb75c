import { randomUUID } from "node:crypto";
import { DuplicateEvidence } from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { type MasterDataRowSchema, MatchKind, OnConflict } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { failureOf, type OpsHarness, reasonOf, runWeek, startOps } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let cluster: PostgresServer;
let ops: OpsHarness;
let pool: PostgresPool;

beforeAll(async () => {
  cluster = await usePostgres();
  const databaseUrl = await cluster.createDatabase();
  ops = await startOps(databaseUrl);
  pool = await openPostgres(databaseUrl, { max: 2 });
});
afterAll(async () => {
  await pool?.close();
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const importRows = (rows: readonly MessageInitShape<typeof MasterDataRowSchema>[]) =>
  ops.suppliers.importSuppliers({ requestId: randomUUID(), rows: [...rows], onConflict: OnConflict.UPDATE });
const versionOf = async (supplierId: string): Promise<string> =>
  (await ops.merges.getSupplierIdentity({ supplierId })).supplier?.version ?? "";

/** Returns the request of a merge with the present versions. */
const requestOf = async (survivorId: string, mergedId: string, reason = "the same company") => ({
  ...{ survivorId, mergedId, reason },
  ...{ survivorVersion: await versionOf(survivorId), mergedVersion: await versionOf(mergedId) },
});
const merge = async (...names: Parameters<typeof requestOf>) =>
  (await ops.merges.mergeSuppliers(await requestOf(...names))).merge;
const listedIds = async (query = "") => {
  const { suppliers, totalSize, mergedSuppliers } = await ops.suppliers.listSuppliers({ query, pageSize: 200 });
  return { ids: suppliers.map(({ supplierId }) => supplierId).sort(), totalSize: Number(totalSize), mergedSuppliers };
};
const UNKNOWN = "0".repeat(32);

/** All rows of the tables whose names match, as one text. */
async function dumpOf(pattern: string): Promise<string> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'bellwether' and c.relkind = 'r' and c.relname ~ $1 order by 1`,
    [pattern],
  );
  const dumps = tables.map(async ({ name }) => {
    const { rows } = await pool.query(`select t::text as row from bellwether."${name}" t order by 1`);
    return `${name}\n${rows.map(({ row }) => row).join("\n")}`;
  });
  return (await Promise.all(dumps)).join("\n");
}

test("a merge of what cannot be merged is rejected with a clear sentence, and stores nothing", async () => {
  await importRows(["e1", "e2", "e3", "e4"].map((supplierId) => ({ supplierId })));
  const [e1, e2] = [await versionOf("e1"), await versionOf("e2")];
  const seen = { survivorVersion: e1, mergedVersion: e2, reason: "same" };
  const call = (over: object) => ops.merges.mergeSuppliers({ survivorId: "e1", mergedId: "e2", ...seen, ...over });
  expect(await reasonOf(call({ mergedId: "nobody" }))).toEqual([Code.NotFound, "SUPPLIER_NOT_FOUND"]);
  expect(await reasonOf(call({ reason: "" }))).toEqual([Code.InvalidArgument, "MERGE_REASON"]);
  for (const over of [{ mergedId: "" }, { mergedId: "a\0" }, { mergedVersion: "" }, { mergedVersion: "NaN" }])
    expect((await failureOf(call(over))).code).toBe(Code.InvalidArgument);
  expect((await failureOf(call({ mergedId: "x".repeat(129) }))).code).toBe(Code.InvalidArgument);
  expect((await failureOf(call({ reason: "two\nlines" }))).code).toBe(Code.InvalidArgument);
  const stale = await failureOf(call({ survivorVersion: UNKNOWN }));
  expect([stale.code, stale.findDetails(ErrorInfoSchema)[0]]).toMatchObject([
    Code.Aborted,
    { reason: "SUPPLIER_CHANGED", metadata: { supplier_id: "e1", version: e1 } },
  ]);
  const itself = await failureOf(call({ mergedId: "e1", mergedVersion: e1 }));
  expect([itself.code, itself.message]).toEqual([
    Code.FailedPrecondition,
    expect.stringContaining('"e1" cannot be merged into itself'),
  ]);
  expect((await ops.merges.getSupplierIdentity({ supplierId: "e1" })).merges).toEqual([]);
  expect((await ops.audit.queryEvents({ kind: "suppliers.merged" })).records).toEqual([]);
});

test("chains and cycles are rejected with a clear sentence", async () => {
  await importRows(["c1", "c2", "c3"].map((supplierId) => ({ supplierId })));
  await merge("c1", "c2");
  const messages = [];
  for (const [survivor, merged] of [
    ["c2", "c1"],
    ["c2", "c3"],
    ["c3", "c2"],
    ["c3", "c1"],
  ] as const) {
    const failure = await failureOf(ops.merges.mergeSuppliers(await requestOf(survivor, merged)));
    expect(failure.code).toBe(Code.FailedPrecondition);
    messages.push(failure.rawMessage);
  }
  expect(messages).toEqual([
    '"c2" is merged into "c1"; undo that merge first',
    '"c2" is itself merged into "c1"; merge "c3" into that supplier',
    '"c2" is already merged into "c1"; undo that merge first',
    '1 supplier is merged into "c1"; undo that first, or merge "c3" into "c1"',
  ]);
});

test("a common identifier is the reason of a merge; the answer and the audit event have the evidence", async () => {
  await importRows([
    { supplierId: "h1", name: "Hard GmbH", region: "EU", identifiers: [{ kind: "duns", value: "15-048-3782" }] },
    { supplierId: "h2", name: "Hard", region: "EU", identifiers: [{ kind: "duns", value: "150483782", shared: true }] },
  ]);
  const request = await requestOf("h1", "h2", "");
  const { merge: stored, repeatedRequest } = await ops.merges.mergeSuppliers(request);
  expect(repeatedRequest).toBe(false);
  expect(stored).toMatchObject({ survivorId: "h1", mergedId: "h2", reason: "", undoneBy: "" });
  expect(stored?.evidence).toMatchObject([
    { evidence: DuplicateEvidence.SAME_IDENTIFIER, identifierKind: "duns", value: "150483782" },
    { evidence: DuplicateEvidence.SIMILAR_NAME, value: "" },
    { evidence: DuplicateEvidence.SAME_REGION, value: "EU" },
  ]);
  expect(await ops.merges.mergeSuppliers(request)).toMatchObject({ merge: stored, repeatedRequest: true });
  const { records } = await ops.audit.queryEvents({ kind: "suppliers.merged", subject: "h2" });
  expect(records).toHaveLength(1);
  expect(JSON.parse(records[0]?.event?.payloadJson ?? "")).toMatchObject({
    ...{ survivor: "h1", merged: "h2", mergeId: stored?.mergeId },
    evidence: [{ fact: "identifier", kind: "duns", value: "150483782" }, { fact: "name" }, { fact: "region" }],
  });
});

test("a merge and its undo leave scores and alerts byte for byte the same, and the log has both events", async () => {
  const rows = ["s1", "s2", "s3"].map((id) => ({ id, score: 0.9, exposure: 100, values: [0.5, 1, 2, 1] }));
  await runWeek(ops, "2026-W01", rows);
  // The histories are written after the week is complete.
  await vi.waitFor(async () =>
    expect((await pool.query("select from bellwether.run where not history_stored")).rowCount).toBe(0),
  );
  const tables = "^(score|alert|run)";
  const before = await dumpOf(tables);
  expect(before).toMatch(/^score_r\d+$/m);
  expect(before.split("\n").length).toBeGreaterThan(20);
  const listed = await ops.suppliers.listSuppliers({});
  const stored = await merge("s1", "s2", "letter of the supplier");
  expect(await dumpOf(tables)).toBe(before);
  expect(await ops.suppliers.listSuppliers({})).not.toEqual(listed);
  const undone = await ops.merges.undoMerge({ mergeId: stored?.mergeId ?? "", reason: "two companies" });
  expect(undone.merge).toMatchObject({ mergeId: stored?.mergeId, undoReason: "two companies" });
  expect(await dumpOf(tables)).toBe(before);
  expect(await ops.suppliers.listSuppliers({})).toEqual(listed);
  const again = await ops.merges.undoMerge({ mergeId: stored?.mergeId ?? "", reason: "once more" });
  expect(again).toMatchObject({ repeatedRequest: true, merge: { undoReason: "two companies" } });
  const { records } = await ops.audit.queryEvents({ subject: "s2" });
  const kinds = records.map(({ event }) => event?.kind ?? "").filter((kind) => kind.startsWith("suppliers."));
  expect(kinds.sort()).toEqual(["suppliers.merge_undone", "suppliers.merged"]);
  expect(await reasonOf(ops.merges.undoMerge({ mergeId: randomUUID(), reason: "x" }))).toEqual([
    Code.NotFound,
    "MERGE_NOT_FOUND",
  ]);
});

test("lists and searches show the survivor; a week that names both keeps both scores", async () => {
  await runWeek(ops, "2026-W02", [
    { id: "l1", score: 0.3 },
    { id: "l2", score: 0.95, exposure: 500 },
    { id: "l3", score: 0.2 },
  ]);
  await importRows([
    { supplierId: "l1", name: "Linden Castings" },
    { supplierId: "l2", name: "Lindon Foundry", identifiers: [{ kind: "erp", value: "ERP 77-1" }] },
  ]);
  expect(await listedIds()).toEqual({ ids: ["l1", "l2", "l3"], totalSize: 3, mergedSuppliers: 0 });
  const stored = await merge("l1", "l2");
  expect(await listedIds()).toEqual({ ids: ["l1", "l3"], totalSize: 2, mergedSuppliers: 1 });
  expect(await listedIds("lindon")).toMatchObject({ ids: ["l1"], totalSize: 1 });
  const facets = (await ops.suppliers.listSuppliers({ includeFacets: true })).facets;
  expect(facets?.bands.reduce((sum, { suppliers }) => sum + Number(suppliers), 0)).toBe(2);
  // The alert of the merged supplier is one of the survivor's.
  const alerted = await ops.suppliers.listSuppliers({ hasActiveAlerts: true });
  expect(alerted.suppliers).toMatchObject([
    { supplierId: "l1", activeAlerts: 1, mergedSupplierIds: ["l2"], latestScore: { riskScore: 0.3 } },
  ]);
  expect(alerted.totalSize).toBe(1n);
  expect((await ops.suppliers.listSuppliers({ hasActiveAlerts: false })).suppliers).toMatchObject([
    { supplierId: "l3" },
  ]);
  expect((await ops.alerts.listAlerts({ supplierId: "l1" })).alerts).toMatchObject([{ supplierId: "l2" }]);
  for (const [query, kind, mergedSupplierId] of [
    ["erp77-1", MatchKind.IDENTIFIER, "l2"],
    ["l2", MatchKind.SUPPLIER_ID, "l2"],
    ["lindon foundry", MatchKind.NAME, "l2"],
    ["l1", MatchKind.SUPPLIER_ID, ""],
  ] as const)
    expect((await ops.suppliers.searchSuppliers({ query })).matches, query).toMatchObject([
      { kind, mergedSupplierId, supplier: { supplierId: "l1", latestScore: { riskScore: 0.3, scoredSupplierId: "" } } },
    ]);
  // "lind" finds both, which are one.
  expect((await ops.suppliers.searchSuppliers({ query: "lind" })).matches).toHaveLength(1);
  expect(await ops.suppliers.getSupplier({ supplierId: "l1" })).toMatchObject({
    ...{ supplier: { mergedInto: "", mergedSupplierIds: ["l2"], latestScore: { riskScore: 0.3 } } },
    ...{ history: [{ riskScore: 0.3 }], mergedScores: [{ riskScore: 0.95, scoredSupplierId: "l2" }] },
  });
  expect(await ops.suppliers.getSupplier({ supplierId: "l2" })).toMatchObject({
    supplier: { mergedInto: "l1", mergedSupplierIds: [], activeAlerts: 1 },
    history: [{ riskScore: 0.95, scoredSupplierId: "" }],
  });
  // A week that names only the merged supplier: nothing is lost.
  await runWeek(ops, "2026-W03", [
    { id: "l2", score: 0.8 },
    { id: "l3", score: 0.2 },
  ]);
  const { suppliers, mergedSuppliers } = await ops.suppliers.listSuppliers({});
  expect(mergedSuppliers).toBe(0);
  expect(suppliers).toMatchObject([
    { supplierId: "l1", name: "Linden Castings", latestScore: { riskScore: 0.8, scoredSupplierId: "l2" } },
    { supplierId: "l3", latestScore: { scoredSupplierId: "" } },
  ]);
  // Pages go on after the row of the merged supplier.
  const first = await ops.suppliers.listSuppliers({ pageSize: 1 });
  const second = await ops.suppliers.listSuppliers({ pageSize: 1, pageToken: first.nextPageToken });
  expect([first, second].map((page) => page.suppliers[0]?.supplierId)).toEqual(["l1", "l3"]);
  await ops.merges.undoMerge({ mergeId: stored?.mergeId ?? "", reason: "test" });
  expect(await listedIds()).toMatchObject({ ids: ["l2", "l3"], mergedSuppliers: 0 });
});

test("master data of a merged supplier is stored for it and counted; both may have the same identifier", async () => {
  const vat = (value: string) => [{ kind: "vat", value }];
  await importRows([{ supplierId: "m1" }, { supplierId: "m2", identifiers: vat("DE111111111") }]);
  await merge("m1", "m2");
  expect(await importRows([{ supplierId: "m2", owner: "Ada" }, { supplierId: "other" }])).toMatchObject({
    ...{ created: 1, updated: 1, rejected: 0, mergedRows: 1 },
  });
  expect((await ops.suppliers.getSupplier({ supplierId: "m2" })).supplier?.owner).toBe("Ada");
  expect((await ops.suppliers.getSupplier({ supplierId: "m1" })).supplier?.owner).toBe("");
  const rows = [{ supplierId: "m1", identifiers: vat("DE 111 111 111") }];
  expect(await importRows(rows)).toMatchObject({ updated: 1, rejected: 0, mergedRows: 0 });
  expect(await importRows(rows)).toMatchObject({ unchanged: 1, rejected: 0 });
  const { supplier, merged, merges } = await ops.merges.getSupplierIdentity({ supplierId: "m1" });
  expect(supplier?.identifiers).toMatchObject([{ kind: "vat", value: "DE111111111", shared: true }]);
  expect(merged).toMatchObject([{ supplierId: "m2", mergedInto: "m1", identifiers: vat("DE111111111") }]);
  const { violations } = await importRows([{ supplierId: "m3", identifiers: vat("DE111111111") }]);
  expect(violations[0]?.reason).toMatch(/^already belongs to supplier "m[12]"; merge both, or declare it as shared$/);
  await ops.merges.undoMerge({ mergeId: merges[0]?.mergeId ?? "", reason: "test" });
  const { proposals } = await ops.merges.listDuplicates({ supplierId: "m1" });
  expect(proposals.map(({ second }) => second?.supplierId)).toEqual(["m2"]);
});

test("of two merges at the same time that contradict each other, one is stored", async () => {
  await importRows(["t1", "t2", "t3"].map((supplierId) => ({ supplierId })));
  const [ab, ba, bc] = [await requestOf("t1", "t2"), await requestOf("t2", "t1"), await requestOf("t2", "t3")];
  const results = await Promise.allSettled([ab, ba, bc].map((request) => ops.merges.mergeSuppliers(request)));
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const result of results)
    if (result.status === "rejected") expect(result.reason).toMatchObject({ code: Code.Aborted });
});

test("the same merge and the same undo eight times at once are stored once", async () => {
  await importRows(["o1", "o2"].map((supplierId) => ({ supplierId })));
  const request = await requestOf("o1", "o2");
  const merges = await Promise.all(Array.from({ length: 8 }, () => ops.merges.mergeSuppliers(request)));
  expect(merges.filter(({ repeatedRequest }) => !repeatedRequest)).toHaveLength(1);
  expect(new Set(merges.map((one) => one.merge?.mergeId)).size).toBe(1);
  const mergeId = merges[0]?.merge?.mergeId ?? "";
  const undos = await Promise.all(
    Array.from({ length: 8 }, (_, i) => ops.merges.undoMerge({ mergeId, reason: `${i}` })),
  );
  expect(undos.filter(({ repeatedRequest }) => !repeatedRequest)).toHaveLength(1);
  expect(new Set(undos.map((one) => one.merge?.undoReason)).size).toBe(1);
  const { records } = await ops.audit.queryEvents({ subject: "o2" });
  expect(records.filter(({ event }) => event?.kind.startsWith("suppliers."))).toHaveLength(2);
  // A merge that was undone is not the same state again: the version of before is stale.
  expect(await reasonOf(ops.merges.mergeSuppliers(request))).toEqual([Code.Aborted, "SUPPLIER_CHANGED"]);
});

test("at most 50 suppliers are merged into one", async () => {
  const ids = Array.from({ length: 51 }, (_, i) => `f${i + 1}`);
  await importRows(["f0", ...ids].map((supplierId) => ({ supplierId })));
  for (const id of ids.slice(0, 50)) await merge("f0", id);
  const full = await failureOf(ops.merges.mergeSuppliers(await requestOf("f0", "f51")));
  expect([full.code, full.rawMessage]).toEqual([
    Code.FailedPrecondition,
    '50 suppliers are merged into "f0"; no more are possible',
  ]);
  const { merged, merges } = await ops.merges.getSupplierIdentity({ supplierId: "f0" });
  expect([merged.map(({ supplierId }) => supplierId), merges.length]).toEqual([ids.slice(0, 50), 50]);
});

test("the reasons of merges are erased with the texts about a supplier", async () => {
  await importRows(["x1", "x2"].map((supplierId) => ({ supplierId })));
  await merge("x1", "x2", "owned by Jane Doe");
  await ops.audit.eraseSubject({ supplierId: "x1", reason: "asked for" });
  const { merges } = await ops.merges.getSupplierIdentity({ supplierId: "x2" });
  expect(merges).toMatchObject([{ mergedId: "x2", reason: "" }]);
});

test("alerts name the survivor, and a watch of the survivor has those of the merged supplier until the undo", async () => {
  const rows = (score: number) => ["w1", "w2", "w3"].map((id) => ({ id, score }));
  await runWeek(ops, "2026-W20", rows(0.9));
  const stored = await merge("w1", "w2");
  const names = async () =>
    (await ops.alerts.listAlerts({ supplierId: "w1" })).alerts
      .map(({ supplierId, mergedIntoSupplierId }) => `${supplierId} ${mergedIntoSupplierId}`)
      .sort();
  expect(await names()).toEqual(["w1 ", "w2 w1"]);
  const stop = new AbortController();
  const seen: string[] = [];
  const opened = Promise.withResolvers<void>();
  const watching = (async () => {
    for await (const { alerts } of ops.alerts.watchAlerts({ supplierId: "w1" }, { signal: stop.signal })) {
      opened.resolve();
      seen.push(
        ...alerts.map(
          ({ supplierId, mergedIntoSupplierId, owner }) => `${supplierId} ${mergedIntoSupplierId} ${owner}`,
        ),
      );
    }
  })().catch(() => undefined);
  await opened.promise;
  const assign = async (supplierId: string, owner: string) => {
    const { alerts } = await ops.alerts.listAlerts({ supplierId });
    const own = alerts.find((alert) => alert.supplierId === supplierId);
    await ops.alerts.assignAlert({ alertId: own?.alertId ?? "", version: own?.version ?? 0n, owner });
  };
  for (const supplierId of ["w1", "w2", "w3"]) await assign(supplierId, "ann");
  await vi.waitFor(() => expect(seen).toEqual(["w1  ann", "w2 w1 ann"]));
  await ops.merges.undoMerge({ mergeId: stored?.mergeId ?? "", reason: "two companies" });
  expect(await names()).toEqual(["w1 "]);
  for (const supplierId of ["w2", "w1"]) await assign(supplierId, "bob");
  await vi.waitFor(() => expect(seen.slice(2)).toEqual(["w1  bob"]));
  // What was missed is sent by the merges of the time at which it is asked for.
  const missed = async (supplierId: string) => {
    const found: string[] = [];
    const { sequence } = (await ops.alerts.listAlerts({ supplierId })).alerts[0] ?? { sequence: 0n };
    for await (const { alerts, sequence: at } of ops.alerts.watchAlerts({ supplierId, afterSequence: 0n })) {
      found.push(...alerts.map((alert) => alert.supplierId));
      if (at >= sequence && alerts.length > 0) return found;
    }
    return found;
  };
  expect(await missed("w1")).toEqual(["w1"]);
  stop.abort();
  await watching;
  const unknown = ops.alerts.watchAlerts({ supplierId: "nobody" })[Symbol.asyncIterator]().next();
  expect(await reasonOf(unknown)).toEqual([Code.NotFound, "SUPPLIER_NOT_FOUND"]);
});

test("an erasure of one supplier of a merge is one of all of them, and after the undo of one alone", async () => {
  await importRows(["v1", "v2", "v3"].map((supplierId) => ({ supplierId, name: `Verena ${supplierId}` })));
  const stored = await merge("v1", "v2", "a letter of Ulla");
  const nameOf = async (supplierId: string) => (await ops.suppliers.getSupplier({ supplierId })).supplier?.name;
  const erased = await ops.audit.eraseSubject({ supplierId: "v2", reason: "asked for" });
  expect(erased).toMatchObject({ name: true, mergedSupplierIds: ["v1"] });
  expect(await Promise.all(["v1", "v2", "v3"].map(nameOf))).toEqual(["", "", "Verena v3"]);
  expect(await dumpOf("^(audit_event|supplier_merge)$")).not.toContain("Ulla");
  const { records } = await ops.audit.queryEvents({ kind: "subject.erased" });
  expect(
    records
      .map(({ event }) => event?.subject)
      .filter((subject) => subject?.startsWith("v"))
      .sort(),
  ).toEqual(["v1", "v2"]);
  await ops.merges.undoMerge({ mergeId: stored?.mergeId ?? "", reason: "two companies" });
  await importRows(["v1", "v2"].map((supplierId) => ({ supplierId, name: `Verena ${supplierId}` })));
  expect(await ops.audit.eraseSubject({ supplierId: "v1", reason: "asked for" })).toMatchObject({
    mergedSupplierIds: [],
  });
  expect(await Promise.all(["v1", "v2"].map(nameOf))).toEqual(["", "Verena v2"]);
});
