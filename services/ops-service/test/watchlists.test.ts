import { randomUUID } from "node:crypto";
import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { WatchlistService, WatchlistVisibility } from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import type { RoleName } from "@bellwether/mesh/call/caller";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { type Client, Code, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { failureOf, reasonOf, runWeek } from "./ops-harness.ts";
import { type OpsWithPeople, startWithPeople } from "./people.ts";

vi.setConfig({ hookTimeout: 180_000, testTimeout: 60_000 });

type Watchlists = Client<typeof WatchlistService>;
const { PRIVATE, SHARED } = WatchlistVisibility;

let cluster: PostgresServer;
let url = "";
let ops: OpsWithPeople;
let ana: Watchlists;
let bo: Watchlists;
let root: Watchlists;
let viewer: Watchlists;

async function clientOf(subject: string, role: RoleName): Promise<Watchlists> {
  const token = await ops.tokenOf(subject, role);
  const withToken: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  return createClient(WatchlistService, createGrpcTransport({ baseUrl: ops.grpcUrl, interceptors: [withToken] }));
}

/** Returns the client of a viewer with a scope. */
async function scopedClient(subject: string, scope: SupplierScope): Promise<Watchlists> {
  const interceptors = [await tokenOf(ops, subject, "viewer", scope)];
  return createClient(WatchlistService, createGrpcTransport({ baseUrl: ops.grpcUrl, interceptors }));
}

async function tokenOf(of: OpsWithPeople, subject: string, role: RoleName = "analyst", scope?: SupplierScope) {
  const token = await of.tokenOf(subject, role, scope);
  const withToken: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  return withToken;
}

beforeAll(async () => {
  cluster = await usePostgres();
  url = await cluster.createDatabase();
  ops = await startWithPeople(url);
  [ana, bo, root, viewer] = await Promise.all([
    clientOf("ana", "analyst"),
    clientOf("bo", "analyst"),
    clientOf("root", "admin"),
    clientOf("vi", "viewer"),
  ]);
  const rows = Array.from({ length: 30 }, (_, i) => ({ id: `S${i}`, score: i < 5 ? 0.9 : 0.3, exposure: 100 - i }));
  await runWeek(ops, "2026-W01", rows);
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function created(client = ana, visibility: WatchlistVisibility = PRIVATE) {
  const { watchlist } = await client.createWatchlist({ name: randomUUID(), visibility });
  if (!watchlist) throw new Error("no list was created");
  return watchlist;
}

const eventsOf = async (watchlistId: string) => {
  const { records } = await ops.audit.queryEvents({ subject: `watchlist/${watchlistId}` });
  return records.map(({ event }) => [event?.kind, event?.actor]).reverse();
};

describe("CreateWatchlist", () => {
  test("creates a private list, and answers the same list when it is repeated", async () => {
    const request = { name: "  Castings ", note: "contracts end in March" };
    const first = await ana.createWatchlist(request);
    expect(first.watchlist).toMatchObject({
      ...{ name: "Castings", note: request.note, visibility: PRIVATE, owner: "ana", mayChange: true },
      ...{ version: 1n, suppliers: 0, changedBy: "ana" },
    });
    expect(await ana.createWatchlist(request)).toEqual(first);
    expect(await reasonOf(ana.createWatchlist({ name: "CASTINGS" }))).toEqual([
      ...[Code.AlreadyExists, "WATCHLIST_NAME_TAKEN"],
    ]);
    // Another person may use the name.
    expect((await bo.createWatchlist(request)).watchlist?.owner).toBe("bo");
    expect(await eventsOf(first.watchlist?.watchlistId ?? "")).toEqual([["watchlist.created", "ana"]]);
  });

  test.each([
    ["no name", ""],
    ["a name without a visible character", " \u200b"],
    ["a name of several lines", "a\nb"],
    ["a name with a zero byte", "a\0"],
    ["a name of 101 bytes", "a".repeat(101)],
  ])("rejects %s", async (_what, name) => {
    expect((await failureOf(ana.createWatchlist({ name }))).code).toBe(Code.InvalidArgument);
  });

  test("creates at most 50 lists of a person, also when they are created at the same time", async () => {
    const eve = await clientOf("eve", "analyst");
    for (let i = 0; i < 47; i++) await eve.createWatchlist({ name: `list ${i}` });
    const last = Array.from({ length: 6 }, (_, i) => eve.createWatchlist({ name: `last ${i}` }));
    expect((await Promise.allSettled(last)).filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    expect(await reasonOf(eve.createWatchlist({ name: "one more" }))).toEqual([
      ...[Code.FailedPrecondition, "WATCHLIST_LIMIT"],
    ]);
    expect((await eve.listWatchlists({})).watchlists.filter(({ owner }) => owner === "eve")).toHaveLength(50);
  });

  test("of eight equal requests at the same time, one list is created", async () => {
    const name = randomUUID();
    const all = await Promise.all(Array.from({ length: 8 }, () => ana.createWatchlist({ name })));
    expect(new Set(all.map(({ watchlist }) => watchlist?.watchlistId)).size).toBe(1);
  });

  test("a viewer may not create lists, and may read shared ones", async () => {
    expect((await failureOf(viewer.createWatchlist({ name: "mine" }))).code).toBe(Code.PermissionDenied);
    const { watchlistId } = await created(ana, SHARED);
    expect((await viewer.getWatchlist({ watchlistId })).watchlist?.mayChange).toBe(false);
  });
});

describe("a list of another person", () => {
  test("that is private does not exist for others, whatever they do with it", async () => {
    const { watchlistId } = await created();
    const supplierIds = ["S1"];
    const calls = [
      () => bo.getWatchlist({ watchlistId }),
      () => bo.addWatchedSuppliers({ watchlistId, supplierIds }),
      () => bo.removeWatchedSuppliers({ watchlistId, supplierIds }),
      () => bo.updateWatchlist({ watchlistId, version: 1n, name: "mine" }),
      () => bo.deleteWatchlist({ watchlistId, version: 1n }),
      () => root.getWatchlist({ watchlistId }),
      () => ops.suppliers.listSuppliers({ watchlistId }),
      () => ops.alerts.listAlerts({ watchlistId }),
    ];
    for (const call of calls) expect(await reasonOf(call())).toEqual([Code.NotFound, "WATCHLIST_NOT_FOUND"]);
    expect((await bo.listWatchlists({})).watchlists.map((list) => list.watchlistId)).not.toContain(watchlistId);
    expect(await reasonOf(bo.getWatchlist({ watchlistId: randomUUID() }))).toEqual([
      ...[Code.NotFound, "WATCHLIST_NOT_FOUND"],
    ]);
  });

  test("that is shared is read by all, and changed by its owner and by administrators", async () => {
    const { watchlistId } = await created(ana, SHARED);
    expect((await bo.listWatchlists({})).watchlists.map((list) => list.watchlistId)).toContain(watchlistId);
    expect(await reasonOf(bo.addWatchedSuppliers({ watchlistId, supplierIds: ["S1"] }))).toEqual([
      ...[Code.PermissionDenied, "WATCHLIST_NOT_OWNED"],
    ]);
    await root.addWatchedSuppliers({ watchlistId, supplierIds: ["S1"] });
    await root.deleteWatchlist({ watchlistId, version: 2n });
    expect(await eventsOf(watchlistId)).toEqual([
      ...[
        ["watchlist.created", "ana"],
        ["watchlist.suppliers_added", "root"],
      ],
      ["watchlist.deleted", "root"],
    ]);
  });
});

describe("the suppliers of a list", () => {
  test("are added once and removed once, and each change is a version and an event", async () => {
    const { watchlistId } = await created();
    const add = (...supplierIds: string[]) => ana.addWatchedSuppliers({ watchlistId, supplierIds });
    expect(await add("S1", "S2")).toMatchObject({ added: 2, watchlist: { suppliers: 2, version: 2n } });
    expect(await add("S1", "S2")).toMatchObject({ added: 0, watchlist: { suppliers: 2, version: 2n } });
    expect(await add("S2", "S3")).toMatchObject({ added: 1, watchlist: { suppliers: 3, version: 3n } });
    const removed = await ana.removeWatchedSuppliers({ watchlistId, supplierIds: ["S1", "S9", "nobody"] });
    expect(removed).toMatchObject({ removed: 1, watchlist: { suppliers: 2, version: 4n } });
    expect((await ana.getWatchlist({ watchlistId })).supplierIds).toEqual(["S2", "S3"]);
    expect((await eventsOf(watchlistId)).map(([kind]) => kind)).toEqual([
      ...["watchlist.created", "watchlist.suppliers_added", "watchlist.suppliers_added"],
      "watchlist.suppliers_removed",
    ]);
  });

  test("are all added or none, when one is not known", async () => {
    const { watchlistId } = await created();
    const failing = ana.addWatchedSuppliers({ watchlistId, supplierIds: ["S1", "nobody"] });
    expect(await reasonOf(failing)).toEqual([Code.NotFound, "SUPPLIER_NOT_FOUND"]);
    expect((await ana.getWatchlist({ watchlistId })).supplierIds).toEqual([]);
  });

  test("are at most 1,000", async () => {
    const { watchlistId } = await created();
    const pool = await openPostgres(url, { max: 1 });
    onTestFinished(() => pool.close());
    await pool.query("insert into bellwether.supplier (external_id) select 'W' || i from generate_series(1, 999) i");
    await ana.addWatchedSuppliers({ watchlistId, supplierIds: Array.from({ length: 999 }, (_, i) => `W${i + 1}`) });
    const failing = ana.addWatchedSuppliers({ watchlistId, supplierIds: ["S1", "S2"] });
    expect(await reasonOf(failing)).toEqual([Code.FailedPrecondition, "WATCHLIST_LIMIT"]);
    expect(await ana.addWatchedSuppliers({ watchlistId, supplierIds: ["S1"] })).toMatchObject({ added: 1 });
    expect((await ana.getWatchlist({ watchlistId })).supplierIds).toHaveLength(1_000);
  });

  test("two people who add the same suppliers at the same time add each once", async () => {
    const { watchlistId } = await created(ana, SHARED);
    const supplierIds = Array.from({ length: 20 }, (_, i) => `S${i}`);
    const both = await Promise.all([ana, root].map((one) => one.addWatchedSuppliers({ watchlistId, supplierIds })));
    expect(both.map(({ added }) => added).sort((a, b) => a - b)).toEqual([0, 20]);
  });

  test.each([
    ["no supplier", []],
    ["one supplier twice", ["S1", "S1"]],
    ["an empty id", [""]],
    ["1,001 suppliers", Array.from({ length: 1_001 }, (_, i) => `S${i}`)],
  ])("a request with %s is rejected", async (_what, supplierIds) => {
    const { watchlistId } = await created();
    for (const call of [ana.addWatchedSuppliers, ana.removeWatchedSuppliers])
      expect((await failureOf(call({ watchlistId, supplierIds }))).code).toBe(Code.InvalidArgument);
  });
});

describe("UpdateWatchlist and DeleteWatchlist", () => {
  test("need the version that the caller has read; a repeated update gets the changed list", async () => {
    const { watchlistId } = await created();
    const update = { watchlistId, version: 1n, name: randomUUID(), note: "new", visibility: SHARED };
    const changed = await ana.updateWatchlist(update);
    expect(changed.watchlist).toMatchObject({ version: 2n, note: "new", visibility: SHARED });
    expect(await ana.updateWatchlist(update)).toEqual(changed);
    const stale = await failureOf(ana.updateWatchlist({ ...update, note: "other" }));
    expect([stale.code, stale.rawMessage]).toEqual([Code.Aborted, expect.stringContaining("version 2 now, by ana")]);
    expect((await failureOf(ana.deleteWatchlist({ watchlistId, version: 1n }))).code).toBe(Code.Aborted);
    await ana.deleteWatchlist({ watchlistId, version: 2n });
    expect((await failureOf(ana.deleteWatchlist({ watchlistId, version: 2n }))).code).toBe(Code.NotFound);
  });

  test("of two updates at the same time, one is stored", async () => {
    const { watchlistId } = await created(ana, SHARED);
    const both = await Promise.allSettled(
      [ana, root].map((one, i) =>
        one.updateWatchlist({ watchlistId, version: 1n, name: randomUUID(), note: `note ${i}`, visibility: SHARED }),
      ),
    );
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("a name that another list of the owner has is rejected, also by an administrator", async () => {
    const [one, other] = [await created(ana, SHARED), await created(ana, SHARED)];
    const { watchlistId, version } = one;
    const rename = { watchlistId, version, name: other.name.toUpperCase(), visibility: SHARED };
    for (const person of [ana, root])
      expect(await reasonOf(person.updateWatchlist(rename))).toEqual([Code.AlreadyExists, "WATCHLIST_NAME_TAKEN"]);
  });
});

describe("as a condition of other lists", () => {
  test("only suppliers and alerts of the list are listed, with pages, texts and other conditions", async () => {
    const { watchlistId } = await created(root, SHARED);
    await root.addWatchedSuppliers({ watchlistId, supplierIds: ["S1", "S2", "S20", "S21"] });
    const all = await ops.suppliers.listSuppliers({ watchlistId, includeFacets: true });
    expect(all.suppliers.map(({ supplierId }) => supplierId)).toEqual(["S1", "S2", "S20", "S21"]);
    expect([all.totalSize, all.facets?.bands.reduce((sum, { suppliers }) => sum + suppliers, 0n)]).toEqual([4n, 4n]);
    const first = await ops.suppliers.listSuppliers({ watchlistId, pageSize: 3 });
    const second = await ops.suppliers.listSuppliers({ watchlistId, pageSize: 3, pageToken: first.nextPageToken });
    expect([first.suppliers.length, second.suppliers.map(({ supplierId }) => supplierId)]).toEqual([3, ["S21"]]);
    const named = await ops.suppliers.listSuppliers({ watchlistId, query: "S2" });
    expect(named.suppliers.map(({ supplierId }) => supplierId).sort()).toEqual(["S2", "S20", "S21"]);
    const alerted = await ops.suppliers.listSuppliers({ watchlistId, hasActiveAlerts: true });
    expect(alerted.suppliers.map(({ supplierId }) => supplierId)).toEqual(["S1", "S2"]);
    const alerts = await ops.alerts.listAlerts({ watchlistId });
    expect([alerts.totalSize, new Set(alerts.alerts.map(({ supplierId }) => supplierId))]).toEqual([
      alerts.alerts.length,
      new Set(["S1", "S2"]),
    ]);
    const texts = await ops.alerts.listAlerts({ watchlistId, text: "S1" });
    expect(new Set(texts.alerts.map(({ supplierId }) => supplierId))).toEqual(new Set(["S1"]));
    // The token of a page belongs to the condition.
    const other = await failureOf(ops.suppliers.listSuppliers({ pageSize: 3, pageToken: first.nextPageToken }));
    expect(other.code).toBe(Code.InvalidArgument);
  });

  test("an empty list lists nothing", async () => {
    const { watchlistId } = await created(root, SHARED);
    expect(await ops.suppliers.listSuppliers({ watchlistId })).toMatchObject({ suppliers: [], totalSize: 0n });
    expect(await ops.alerts.listAlerts({ watchlistId })).toMatchObject({ alerts: [], totalSize: 0 });
  });

  test("ListWatchlists says which lists have a supplier", async () => {
    const client = await clientOf("carl", "analyst");
    const [has, hasNot] = [await created(client), await created(client)];
    await client.addWatchedSuppliers({ watchlistId: has.watchlistId, supplierIds: ["S7"] });
    const { watchlists } = await client.listWatchlists({ supplierId: "S7" });
    const found = new Map(watchlists.map((list) => [list.watchlistId, list.hasSupplier]));
    expect([found.get(has.watchlistId), found.get(hasNot.watchlistId)]).toEqual([true, false]);
  });

  test("GET /suppliers and GET /alerts take watchlist_id", async () => {
    const { watchlistId } = await created(root, SHARED);
    await root.addWatchedSuppliers({ watchlistId, supplierIds: ["S1"] });
    const headers = { authorization: `Bearer ${await ops.tokenOf("vi", "viewer")}` };
    for (const path of ["suppliers", "alerts"]) {
      const response = await fetch(`${ops.webUrl}/${path}?watchlist_id=${watchlistId}`, { headers });
      const text = await response.text();
      expect([response.status, text.includes('"S1"'), text.includes('"S2"')]).toEqual([200, true, false]);
    }
  });
});

test("limits are those of the policy; a list that exceeds a lower limit stays, and can only become smaller", async () => {
  const losses = { maxRejectedShare: 1, maxRejectedRows: 1_000_000_000, minSuppliersShare: 0 };
  const { watchlistId, version } = await created();
  await ana.addWatchedSuppliers({ watchlistId, supplierIds: ["S1", "S2", "S3"] });
  const riskPolicy = createRiskPolicy(losses, { watchlists: { maxLists: 1, maxSuppliers: 2 } });
  await using strict = await startWithPeople(url, { riskPolicy });
  const client = createClient(
    WatchlistService,
    createGrpcTransport({ baseUrl: strict.grpcUrl, interceptors: [await tokenOf(strict, "ana")] }),
  );
  const limit = [Code.FailedPrecondition, "WATCHLIST_LIMIT"];
  expect(await reasonOf(client.createWatchlist({ name: randomUUID() }))).toEqual(limit);
  expect(await reasonOf(client.addWatchedSuppliers({ watchlistId, supplierIds: ["S4"] }))).toEqual(limit);
  // Nothing is added, so nothing exceeds the limit more than before.
  expect(await client.addWatchedSuppliers({ watchlistId, supplierIds: ["S1"] })).toMatchObject({ added: 0 });
  expect((await client.getWatchlist({ watchlistId })).supplierIds).toEqual(["S1", "S2", "S3"]);
  expect((await client.listWatchlists({})).watchlists.length).toBeGreaterThan(1);
  expect(await client.removeWatchedSuppliers({ watchlistId, supplierIds: ["S3"] })).toMatchObject({ removed: 1 });
  expect(version).toBe(1n);
});

test("the suppliers of a list follow merges: the survivor is shown, and an undo puts the list back", async () => {
  const all = { supplierIds: ["S24", "S25", "S26"] };
  const { watchlistId } = await created(ana, SHARED);
  await ana.addWatchedSuppliers({ watchlistId, ...all });
  const only = await created();
  await ana.addWatchedSuppliers({ watchlistId: only.watchlistId, supplierIds: ["S25"] });
  const versionOf = async (supplierId: string) =>
    (await ops.merges.getSupplierIdentity({ supplierId })).supplier?.version ?? "";
  const request = { survivorId: "S24", mergedId: "S25", reason: "the same company" };
  const versions = { survivorVersion: await versionOf("S24"), mergedVersion: await versionOf("S25") };
  const { merge } = await ops.merges.mergeSuppliers({ ...request, ...versions });
  const shown = async (id: string, client = ana) => {
    const { watchlist, supplierIds } = await client.getWatchlist({ watchlistId: id });
    return [watchlist?.suppliers, ...supplierIds];
  };
  expect(await shown(watchlistId)).toEqual([2, "S24", "S26"]);
  expect(await shown(only.watchlistId)).toEqual([1, "S24"]);
  for (const supplierId of ["S24", "S25"]) {
    const { watchlists } = await ana.listWatchlists({ supplierId });
    const has = watchlists.filter(({ hasSupplier }) => hasSupplier).map((one) => one.watchlistId);
    expect(has.sort()).toEqual([watchlistId, only.watchlistId].sort());
  }
  const listed = async (id: string) =>
    (await ops.suppliers.listSuppliers({ watchlistId: id })).suppliers.map(({ supplierId }) => supplierId);
  expect((await listed(watchlistId)).sort()).toEqual(["S24", "S26"]);
  // A person with a scope sees each supplier apart.
  const scoped = await scopedClient("vera", { regions: ["EU", "US"], categories: [] });
  expect(await shown(watchlistId, scoped)).toEqual([3, "S24", "S25", "S26"]);
  await ops.merges.undoMerge({ mergeId: merge?.mergeId ?? "", reason: "two companies" });
  expect(await shown(watchlistId)).toEqual([3, "S24", "S25", "S26"]);
  expect(await shown(only.watchlistId)).toEqual([1, "S25"]);
  // Removing the survivor removes the merged supplier, as one.
  await ops.merges.mergeSuppliers({
    ...request,
    ...{ survivorVersion: await versionOf("S24"), mergedVersion: await versionOf("S25") },
  });
  expect(await ana.removeWatchedSuppliers({ watchlistId, supplierIds: ["S24"] })).toMatchObject({ removed: 1 });
  expect(await shown(watchlistId)).toEqual([1, "S26"]);
  expect(await ana.removeWatchedSuppliers({ watchlistId: only.watchlistId, supplierIds: ["S24"] })).toMatchObject({
    ...{ removed: 1, watchlist: { suppliers: 0 } },
  });
});
