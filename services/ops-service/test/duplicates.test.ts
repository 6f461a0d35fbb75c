import { randomUUID } from "node:crypto";
import { DuplicateEvidence, SupplierMergeService } from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import {
  type MasterDataRowSchema,
  OnConflict,
  SupplierService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { failureOf, type OpsHarness, reasonOf, startOps } from "./ops-harness.ts";
import { startWithPeople } from "./people.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

type Row = MessageInitShape<typeof MasterDataRowSchema>;

let cluster: PostgresServer;
let databaseUrl = "";
let ops: OpsHarness;

beforeAll(async () => {
  cluster = await usePostgres();
  databaseUrl = await cluster.createDatabase();
  ops = await startOps(databaseUrl);
  const lei = [{ kind: "lei", value: "506700GE1G29325QX363", shared: true }];
  await importRows([
    { supplierId: "p1", name: "Alpine Steel GmbH", region: "EU", identifiers: lei },
    { supplierId: "p2", name: "Alpine Steel", region: "EU" },
    { supplierId: "p3", name: "ALPINE STEEL AG", region: "US" },
    { supplierId: "p4", name: "Baltic Wire", category: "wire" },
    { supplierId: "p5", name: "Wire, Baltic Ltd", category: "wire", identifiers: lei },
    { supplierId: "p6", name: "Steel Alpine", region: "EU" },
    { supplierId: "p7" },
    { supplierId: "p8" },
  ]);
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const importRows = (rows: readonly Row[]) =>
  ops.suppliers.importSuppliers({ requestId: randomUUID(), rows: [...rows], onConflict: OnConflict.UPDATE });
const versionOf = async (supplierId: string): Promise<string> =>
  (await ops.merges.getSupplierIdentity({ supplierId })).supplier?.version ?? "";
const dismissal = async (firstId: string, secondId: string, reason = "two companies") => ({
  ...{ firstId, secondId, reason },
  ...{ firstVersion: await versionOf(firstId), secondVersion: await versionOf(secondId) },
});

/** Returns all pairs, read page by page. */
async function pairs({ pageSize = 0, includeDismissed = false } = {}): Promise<string[]> {
  const found: string[] = [];
  for (let pageToken = ""; ; ) {
    const page = await ops.merges.listDuplicates({ pageSize, pageToken, includeDismissed });
    expect(page.proposals.length).toBeLessThanOrEqual(pageSize || 20);
    found.push(...page.proposals.map(({ first, second }) => `${first?.supplierId}-${second?.supplierId}`));
    pageToken = page.nextPageToken;
    if (pageToken === "") return found;
  }
}

test("pairs with the same identifier come first; a similar name needs the same region or category", async () => {
  const { proposals } = await ops.merges.listDuplicates({});
  expect(proposals).toMatchObject([
    {
      ...{ first: { supplierId: "p1" }, second: { supplierId: "p5" } },
      reasons: [{ evidence: DuplicateEvidence.SAME_IDENTIFIER, identifierKind: "lei", value: "506700GE1G29325QX363" }],
    },
  ]);
  // Each supplier is listed once: p6 with p1, and not with p2 too.
  expect(await pairs()).toEqual(["p1-p5", "p1-p2", "p1-p6", "p4-p5"]);
});

test("pages of one pair have each pair once, and a token of another filter is an error", async () => {
  expect(await pairs({ pageSize: 1 })).toEqual(["p1-p5", "p1-p2", "p1-p6", "p4-p5"]);
  const { nextPageToken: pageToken } = await ops.merges.listDuplicates({ pageSize: 1 });
  const other = await failureOf(ops.merges.listDuplicates({ pageToken, includeDismissed: true }));
  expect(other.code).toBe(Code.InvalidArgument);
  for (const wrong of ["x", "\u0000", "a".repeat(5_000)])
    expect((await failureOf(ops.merges.listDuplicates({ pageToken: wrong }))).code).toBe(Code.InvalidArgument);
});

test("the pairs of one supplier are all that have enough in common with it", async () => {
  const of = async (supplierId: string) =>
    (await ops.merges.listDuplicates({ supplierId })).proposals.map(
      ({ first, second }) => `${first?.supplierId}-${second?.supplierId}`,
    );
  expect(await of("p6")).toEqual(["p1-p6", "p2-p6"]);
  expect(await of("p5")).toEqual(["p1-p5", "p4-p5"]);
  expect([await of("p3"), await of("p7")]).toEqual([[], []]);
  expect(await reasonOf(ops.merges.listDuplicates({ supplierId: "nobody" }))).toEqual([
    Code.NotFound,
    "SUPPLIER_NOT_FOUND",
  ]);
});

test("GET /suppliers/duplicates answers the same in snake_case", async () => {
  const get = async (query: string) => (await fetch(`${ops.webUrl}/suppliers/duplicates?${query}`)).json();
  const first = await get("page_size=1&include_dismissed=false");
  expect(first.proposals).toMatchObject([
    { first: { supplier_id: "p1" }, second: { supplier_id: "p5" }, reasons: [{ identifier_kind: "lei" }] },
  ]);
  const next = await get(`page_size=1&page_token=${encodeURIComponent(first.next_page_token)}`);
  expect(next.proposals[0]?.second.supplier_id ?? "").not.toBe("p5");
  expect((await get("supplier_id=p6")).proposals).toHaveLength(2);
  const wrong = await fetch(`${ops.webUrl}/suppliers/duplicates?include_dismissed=yes`);
  expect(wrong.status).toBe(400);
});

test("a dismissed pair stays away until its data change; the dismissal is audited once", async () => {
  const request = await dismissal("p2", "p1");
  expect(await ops.merges.dismissDuplicate(request)).toMatchObject({ repeatedRequest: false });
  const again = await ops.merges.dismissDuplicate({ ...request, reason: "once more" });
  expect(again).toMatchObject({ repeatedRequest: true, dismissal: { reason: "two companies" } });
  expect(await pairs()).toEqual(["p1-p5", "p1-p6", "p4-p5"]);
  expect(await pairs({ includeDismissed: true })).toEqual(["p1-p5", "p1-p2", "p1-p6", "p4-p5"]);
  const withDismissed = await ops.merges.listDuplicates({ supplierId: "p2", includeDismissed: true });
  expect(withDismissed.proposals[0]).toMatchObject({ dismissal: { reason: "two companies" } });
  await importRows([{ supplierId: "p2", category: "steel" }]);
  expect(await pairs()).toEqual(["p1-p5", "p1-p2", "p1-p6", "p4-p5"]);
  const { records } = await ops.audit.queryEvents({ kind: "suppliers.duplicate_dismissed" });
  expect(records).toHaveLength(1);
});

test("a dismissal of what is no pair, or of data that have changed, is rejected", async () => {
  const request = await dismissal("p7", "p8");
  expect(await reasonOf(ops.merges.dismissDuplicate({ ...request, firstVersion: "0".repeat(32) }))).toEqual([
    Code.Aborted,
    "SUPPLIER_CHANGED",
  ]);
  expect(await reasonOf(ops.merges.dismissDuplicate(await dismissal("p7", "p7")))).toEqual([
    Code.FailedPrecondition,
    "MERGE_STATE",
  ]);
  for (const reason of ["", " ", "a\0", "two\nlines"])
    expect((await failureOf(ops.merges.dismissDuplicate({ ...request, reason }))).code).toBe(Code.InvalidArgument);
  expect(await reasonOf(ops.merges.dismissDuplicate({ ...request, secondId: "nobody" }))).toEqual([
    Code.NotFound,
    "SUPPLIER_NOT_FOUND",
  ]);
});

test("a group of 120 equal names is compared in part, which the answer says", async () => {
  await importRows(
    Array.from({ length: 120 }, (_, i) => ({ supplierId: `g${100 + i}`, name: "Zulu Group Ltd", region: "APAC" })),
  );
  const found = (await pairs({ pageSize: 50 })).filter((pair) => pair.includes("g"));
  expect(found).toEqual(Array.from({ length: 49 }, (_, i) => `g100-g${101 + i}`));
  const counts = [];
  for (let pageToken = ""; ; ) {
    const page = await ops.merges.listDuplicates({ pageSize: 7, pageToken });
    counts.push(page.notCompared);
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
  }
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(70);
});

test("possible duplicates of names are read in the order of an index", async () => {
  const pool = await openPostgres(databaseUrl, { max: 1 });
  onTestFinished(() => pool.close());
  // A table of so few suppliers is read as a whole otherwise.
  for (const way of ["seqscan", "bitmapscan", "hashagg", "sort"]) await pool.query(`set enable_${way} = off`);
  const { rows } = await pool.query(`explain select k.match_key, count(*) from bellwether.supplier_match k
    where k.match_key <> '' and k.match_key >= '' group by k.match_key having count(*) > 1 order by 1 limit 100`);
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).toContain("Index Only Scan using supplier_match_key");
  expect(plan).not.toContain("Sort");
});

test("identifiers are stored in their normal form, and a wrong one rejects its row alone", async () => {
  const huge = "9".repeat(4_000);
  const rows = [
    ["lei", "NaN"],
    ["lei", huge],
    ["duns", "12-345-678"],
    ["vat", "'; drop table supplier"],
    ["vat", "DE\u202e123456789"],
    ["duns", "15-048-3782"],
    ["vat", "it 123 456 789 01"],
    ["erp", "00/47 11"],
    ["erp-sap", "<b>4712</b>"],
  ].map(([kind = "", value = ""], i): Row => ({ supplierId: `i${i}`, identifiers: [{ kind, value }] }));
  const answer = await importRows(rows);
  expect(answer).toMatchObject({ created: 5, rejected: 4 });
  expect(answer.violations.map(({ row, field }) => [row, field])).toEqual([
    [0, "identifiers.lei"],
    [1, "identifiers.lei"],
    [2, "identifiers.duns"],
    [3, "identifiers.vat"],
  ]);
  const stored = await Promise.all(
    ["i4", "i5", "i6", "i7", "i8"].map(
      async (supplierId) => (await ops.suppliers.getSupplier({ supplierId })).supplier?.identifiers[0]?.value,
    ),
  );
  expect(stored).toEqual(["DE123456789", "150483782", "IT12345678901", "00/47 11", "<b>4712</b>"]);
  for (const [query, supplierId] of [
    ["15 048 3782", "i5"],
    ["IT-12345678901", "i6"],
    ["004711", "i7"],
  ] as const)
    expect((await ops.suppliers.searchSuppliers({ query })).matches[0]?.supplier).toMatchObject({ supplierId });
});

test("an identifier belongs to several suppliers only if it is declared as shared", async () => {
  const vat = (shared: boolean) => [{ kind: "vat", value: "FR12123456789", shared }];
  await importRows([{ supplierId: "v1", identifiers: vat(false) }]);
  expect(await importRows([{ supplierId: "v2", identifiers: vat(false) }])).toMatchObject({ rejected: 1 });
  const rows = ["v2", "v3"].map((supplierId) => ({ supplierId, identifiers: vat(true) }));
  expect(await importRows(rows)).toMatchObject({ created: 2, rejected: 0 });
  expect(await importRows(rows)).toMatchObject({ unchanged: 2 });
  expect((await ops.suppliers.getSupplier({ supplierId: "v3" })).supplier?.identifiers).toMatchObject([
    { kind: "vat", value: "FR12123456789", shared: true },
  ]);
  expect((await ops.suppliers.searchSuppliers({ query: "fr12123456789" })).matches).toHaveLength(3);
  expect((await pairs({ pageSize: 50 })).filter((pair) => pair.includes("v"))).toEqual(["v1-v2", "v1-v3"]);
  // An import without the declaration changes nothing, so that an ERP system can send all of them every night.
  const nightly = ["v3", "v1", "v2"].map((supplierId) => ({ supplierId, identifiers: vat(false) }));
  expect(await importRows(nightly.slice(0, 1))).toMatchObject({ unchanged: 1 });
  expect(await importRows(nightly.slice(1, 2))).toMatchObject({ unchanged: 1 });
  expect(await importRows([{ supplierId: "v4", identifiers: vat(false) }])).toMatchObject({ rejected: 1 });
  // An identifier that was removed has to be declared again.
  await importRows([{ supplierId: "v2", identifiers: [{ kind: "vat", value: "" }] }]);
  expect(await importRows([{ supplierId: "v2", identifiers: vat(false) }])).toMatchObject({ rejected: 1 });
});

test("a supplier whose id and name match is at the place of its best match", async () => {
  await importRows([{ supplierId: "qq", name: "QQ works" }, { supplierId: "qqa" }]);
  const { matches } = await ops.suppliers.searchSuppliers({ query: "qq" });
  expect(matches.map(({ supplier }) => supplier?.supplierId)).toEqual(["qq", "qqa"]);
});

test("a viewer reads duplicates and merges; only an analyst and above decides", async () => {
  await using people = await startWithPeople(databaseUrl);
  const clientOf = async (role: "viewer" | "analyst") => {
    const token = await people.tokenOf(`${role}-1`, role);
    const transport = createGrpcTransport({ baseUrl: people.grpcUrl });
    const headers = { authorization: `Bearer ${token}` };
    return { merges: createClient(SupplierMergeService, transport), headers };
  };
  const viewer = await clientOf("viewer");
  const { headers } = viewer;
  await viewer.merges.listDuplicates({}, { headers });
  await viewer.merges.getSupplierIdentity({ supplierId: "p7" }, { headers });
  const request = {
    ...{ survivorId: "p7", mergedId: "p8", reason: "the same" },
    ...{ survivorVersion: await versionOf("p7"), mergedVersion: await versionOf("p8") },
  };
  const pair = await dismissal("p7", "p8");
  for (const call of [
    () => viewer.merges.mergeSuppliers(request, { headers }),
    () => viewer.merges.undoMerge({ mergeId: randomUUID(), reason: "x" }, { headers }),
    () => viewer.merges.dismissDuplicate(pair, { headers }),
  ])
    expect((await failureOf(call())).code).toBe(Code.PermissionDenied);
  const analyst = await clientOf("analyst");
  const { merge } = await analyst.merges.mergeSuppliers(request, { headers: analyst.headers });
  expect(merge?.mergedBy).toContain("analyst-1");
});

test("a caller with a scope sees each supplier apart, and is denied duplicates and merges", async () => {
  await using people = await startWithPeople(databaseUrl);
  const transport = createGrpcTransport({ baseUrl: people.grpcUrl });
  const headersOf = async (scope: { regions: string[]; categories: string[] } | undefined) => ({
    headers: { authorization: `Bearer ${await people.tokenOf("eva", "analyst", scope)}` },
  });
  const europe = await headersOf({ regions: ["EU"], categories: [] });
  const all = await headersOf(undefined);
  await importRows([
    { supplierId: "own", name: "Own Gears", region: "EU" },
    { supplierId: "foreign", name: "Foreign Gears", region: "US" },
  ]);
  const merges = createClient(SupplierMergeService, transport);
  const suppliers = createClient(SupplierService, transport);
  const request = {
    ...{ survivorId: "foreign", mergedId: "own", reason: "the same" },
    ...{ survivorVersion: await versionOf("foreign"), mergedVersion: await versionOf("own") },
  };
  expect((await failureOf(merges.mergeSuppliers(request, europe))).code).toBe(Code.PermissionDenied);
  expect((await failureOf(merges.listDuplicates({}, europe))).code).toBe(Code.PermissionDenied);
  await merges.mergeSuppliers(request, all);
  const found = await suppliers.searchSuppliers({ query: "gears" }, europe);
  expect(found.matches.map(({ supplier, mergedSupplierId }) => [supplier?.supplierId, mergedSupplierId])).toEqual([
    ["own", ""],
  ]);
  const own = await suppliers.getSupplier({ supplierId: "own" }, europe);
  expect(own.supplier).toMatchObject({ mergedInto: "", mergedSupplierIds: [] });
  expect(JSON.stringify([found.matches.map(({ supplier }) => supplier?.name), own.supplier?.name])).not.toContain(
    "Foreign",
  );
  expect((await suppliers.searchSuppliers({ query: "own gears" }, all)).matches[0]).toMatchObject({
    ...{ supplier: { supplierId: "foreign" }, mergedSupplierId: "own" },
  });
});
