import { randomUUID } from "node:crypto";
import { Criticality, FieldSource } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { type MasterDataRowSchema, OnConflict } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { failureOf, type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

/** A number of a later release. */
const NOT_A_CRITICALITY: Criticality = JSON.parse("9");

type Row = MessageInitShape<typeof MasterDataRowSchema>;

let cluster: PostgresServer;
let ops: OpsHarness;
let databaseUrl = "";

beforeAll(async () => {
  cluster = await usePostgres();
  databaseUrl = await cluster.createDatabase();
  ops = await startOps(databaseUrl);
  await runWeek(ops, "2026-W01", [
    { id: "weekly", score: 0.5, exposure: 100 },
    { id: "owned", score: 0.5, exposure: 100 },
  ]);
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const importRows = (
  rows: readonly Row[],
  over: { dryRun?: boolean; onConflict?: OnConflict; requestId?: string } = {},
) => ops.suppliers.importSuppliers({ requestId: randomUUID(), rows: [...rows], onConflict: OnConflict.STOP, ...over });
const supplierOf = async (supplierId: string) => (await ops.suppliers.getSupplier({ supplierId })).supplier;

test("master data creates suppliers with all fields, and search finds them by each", async () => {
  const row = {
    ...{ supplierId: "M-1", name: "Müller Stahl GmbH", region: "DACH", category: "steel", owner: "Ana Ruiz" },
    ...{ exposure: 1_250_000.5, currency: "EUR", criticality: Criticality.HIGH },
    identifiers: [{ kind: "vat", value: "DE 123.456.789" }],
  };
  expect(await importRows([row])).toMatchObject({ created: 1, updated: 0, unchanged: 0, rejected: 0, violations: [] });
  expect(await supplierOf("M-1")).toMatchObject({
    ...{ name: "Müller Stahl GmbH", region: "DACH", category: "steel", owner: "Ana Ruiz", exposure: 1_250_000.5 },
    ...{ exposureCurrency: "EUR", criticality: Criticality.HIGH },
    identifiers: [{ kind: "vat", value: "DE123456789" }],
    sources: { name: FieldSource.MASTER_DATA, region: FieldSource.MASTER_DATA, exposure: FieldSource.MASTER_DATA },
  });
  expect(await importRows([row])).toMatchObject({ created: 0, updated: 0, unchanged: 1 });
  for (const query of ["m-1", "muller", "STAHL", "de123456789"]) {
    const { matches } = await ops.suppliers.searchSuppliers({ query });
    expect([query, matches[0]?.supplier?.supplierId]).toEqual([query, "M-1"]);
  }
});

test("the weekly file fills only fields that master data has not set, and says which source has which", async () => {
  await importRows([{ supplierId: "owned", name: "Owned Ltd", exposure: 7_000 }]);
  await runWeek(ops, "2026-W02", [
    { id: "weekly", score: 0.5, exposure: 200 },
    { id: "owned", score: 0.5, exposure: 200 },
  ]);
  expect(await supplierOf("weekly")).toMatchObject({ name: "Name of weekly", exposure: 200, exposureCurrency: "EUR" });
  const owned = await supplierOf("owned");
  expect(owned).toMatchObject({ name: "Owned Ltd", exposure: 7_000, region: "US" });
  expect(owned?.sources).toMatchObject({
    ...{ name: FieldSource.MASTER_DATA, exposure: FieldSource.MASTER_DATA },
    ...{ region: FieldSource.WEEKLY_FILE, category: FieldSource.UNSPECIFIED },
  });
  expect(owned?.latestScore).toMatchObject({ impact: 3_500, exposureKnown: true });
  await importRows([{ supplierId: "owned", name: "", clearExposure: true }], { onConflict: OnConflict.UPDATE });
  await runWeek(ops, "2026-W03", [{ id: "owned", score: 0.5, exposure: 300 }]);
  expect(await supplierOf("owned")).toMatchObject({ name: "Name of owned", exposure: 300 });
});

test("a conflict stops the request, skips its supplier, or is overwritten", async () => {
  await importRows([{ supplierId: "C-1", name: "Before", criticality: Criticality.LOW }]);
  const rows = [
    { supplierId: "C-1", name: "After" },
    { supplierId: "C-2", name: "New" },
  ];
  const stopped = await importRows(rows);
  expect(stopped).toMatchObject({ stopped: true, skipped: 1, created: 1 });
  expect(stopped.violations).toMatchObject([
    { row: 0, field: "name", value: "After", reason: 'master data already has "Before"' },
  ]);
  expect((await failureOf(ops.suppliers.getSupplier({ supplierId: "C-2" }))).code).toBe(Code.NotFound);
  expect(await importRows(rows, { onConflict: OnConflict.SKIP })).toMatchObject({ created: 1, skipped: 1, updated: 0 });
  expect(await supplierOf("C-1")).toMatchObject({ name: "Before" });
  expect(await importRows(rows, { onConflict: OnConflict.UPDATE })).toMatchObject({ updated: 1, unchanged: 1 });
  expect(await supplierOf("C-1")).toMatchObject({ name: "After", criticality: Criticality.LOW });
});

test("a repeated request answers as the first one did; its id is not accepted for another request", async () => {
  const requestId = randomUUID();
  const rows = [{ supplierId: "R-1", owner: "A" }];
  expect(await importRows(rows, { requestId })).toMatchObject({ created: 1, repeatedRequest: false });
  expect(await importRows(rows, { requestId })).toMatchObject({ created: 1, repeatedRequest: true });
  const upper = requestId.toUpperCase();
  expect(await importRows(rows, { requestId: upper })).toMatchObject({ created: 1, repeatedRequest: true });
  const failure = await failureOf(importRows([{ supplierId: "R-1", owner: "B" }], { requestId }));
  expect([failure.code, await supplierOf("R-1")]).toEqual([Code.Aborted, expect.objectContaining({ owner: "A" })]);
});

test("each invalid row is reported with its field, value and reason, and the others are stored", async () => {
  await importRows([{ supplierId: "I-0", identifiers: [{ kind: "vat", value: "FR 12 123456789" }] }]);
  const answer = await importRows([
    { supplierId: "I-1", exposure: Number.NaN },
    { supplierId: "I-2", exposure: -1 },
    { supplierId: "I-3", exposure: 1, currency: "XYZ" },
    { supplierId: "I-4", exposure: 1, currency: "USD" },
    { supplierId: "I-5", currency: "EUR" },
    { supplierId: " I-6" },
    { supplierId: "" },
    { supplierId: "I-8", name: "x".repeat(513) },
    { supplierId: "I-9", identifiers: [{ kind: "vat", value: "fr-12.123456789" }] },
    { supplierId: "I-10", identifiers: [{ kind: "VAT no", value: "1" }] },
    { supplierId: "I-11", criticality: NOT_A_CRITICALITY },
    { supplierId: "I-12", name: "a\0b" },
    { supplierId: "good", name: "x".repeat(512), exposure: 0 },
    { supplierId: "good", name: "again" },
    { supplierId: "I-14", identifiers: [{ kind: "vat", value: "--" }] },
  ]);
  expect(answer.violations.map(({ row, field }) => [row, field])).toEqual([
    ...[
      [0, "exposure"],
      [1, "exposure"],
      [2, "currency"],
      [3, "currency"],
      [4, "currency"],
      [5, "supplier_id"],
    ],
    ...[
      [6, "supplier_id"],
      [7, "name"],
      [8, "identifiers.vat"],
      [9, "identifiers"],
      [10, "criticality"],
      [11, "name"],
    ],
    ...[
      [13, "supplier_id"],
      [14, "identifiers.vat"],
    ],
  ]);
  expect(answer).toMatchObject({ created: 1, rejected: 14 });
  expect(answer.violations[3]?.reason).toContain("exchange_rates");
  expect(answer.violations[8]?.reason).toBe('already belongs to supplier "I-0"; merge both, or declare it as shared');
  expect(await supplierOf("good")).toMatchObject({ exposure: 0 });
});

test("a dry run reports and stores nothing, and takes no ids", async () => {
  const pool = await openPostgres(databaseUrl, { max: 1 });
  onTestFinished(() => pool.close());
  const lastId = async () =>
    (await pool.query("select last_value from bellwether.supplier_id_seq")).rows[0]?.last_value;
  const before = await lastId();
  expect(await importRows([{ supplierId: "dry", name: "Dry" }], { dryRun: true })).toMatchObject({
    ...{ created: 1, changes: [{ row: 0, created: true, fields: ["name"] }] },
  });
  expect((await failureOf(ops.suppliers.getSupplier({ supplierId: "dry" }))).code).toBe(Code.NotFound);
  expect(await lastId()).toBe(before);
});

test("a text with characters that change the text direction is reported with its field, and not stored", async () => {
  const rows = (["name", "region", "category", "owner"] as const).flatMap((field) =>
    ["\u202a", "\u202e", "\u2066", "\u2069"].map((control, i) => ({
      supplierId: `order-${field}-${i}`,
      [field]: `Acme ${control}fdp.exe`,
    })),
  );
  rows.push({ supplierId: "order-hidden", owner: "a\u200bda" });
  // Marks that Arabic and Hebrew names need, and letters of theirs, stay possible.
  const fine = { supplierId: "order-fine", name: "\u200fשלום\u200e \u061cشركة" };
  const { violations, created, rejected } = await importRows([...rows, fine]);
  expect([created, rejected]).toEqual([1, rows.length]);
  expect(violations.map(({ row, field }) => [row, field])).toEqual(
    rows.map((row, i) => [i, Object.keys(row).find((key) => key !== "supplierId")]),
  );
  expect(violations[1]).toMatchObject({
    value: "Acme \\u{202e}fdp.exe",
    reason: expect.stringMatching(/^has characters that change the text direction .*remove them$/),
  });
});

test("a text without a visible character is reported with its field, and so is an owner of several lines", async () => {
  const blank = " \u00a0\u200b";
  const { violations, rejected } = await importRows([
    { supplierId: "B-1", name: blank },
    { supplierId: "B-2", region: blank },
    { supplierId: "B-3", category: "\n" },
    { supplierId: "B-4", owner: blank },
    { supplierId: "B-5", owner: "Ana\nRuiz" },
    { supplierId: "B-6", owner: " Ana Ruiz ", name: "Straße 1 ‒ Ö" },
    { supplierId: "B-7", name: "two\nlines" },
    { supplierId: "B-8", name: "a\u0007", region: "\u001b[31mEU", category: "a\u2028b" },
    { supplierId: "B-9", name: "a\u0085b", identifiers: [{ kind: "erp", value: "4\u001b7" }] },
  ]);
  expect(rejected).toBe(8);
  expect(violations.map(({ row, field, reason }) => [row, field, reason])).toEqual([
    [0, "name", "has no visible character; leave it empty for none"],
    [1, "region", "has no visible character; leave it empty for none"],
    [2, "category", "has no visible character; leave it empty for none"],
    [3, "owner", "has no visible character; leave it empty for nobody"],
    ...(
      [
        ...[
          [4, "owner"],
          [6, "name"],
          [7, "name"],
          [7, "region"],
          [7, "category"],
        ],
        ...[
          [8, "name"],
          [8, "identifiers.erp"],
        ],
      ] as const
    ).map(([row, field]) => [row, field, "has line ends or control characters; write one line"]),
  ]);
  expect(await supplierOf("B-6")).toMatchObject({ owner: "Ana Ruiz", name: "Straße 1 ‒ Ö" });
});

test("hostile names and owners are kept as text", async () => {
  const names = [
    "'; drop table bellwether.supplier; --",
    "<script>alert(1)</script>",
    "\u200Fevil",
    "🏭🔥",
    "名".repeat(170),
    "50%_\\",
  ];
  await importRows(names.map((name, i) => ({ supplierId: `H-${i}`, name, owner: name.slice(0, 50) })));
  for (const [i, name] of names.entries()) expect(await supplierOf(`H-${i}`)).toMatchObject({ name });
  const { matches } = await ops.suppliers.searchSuppliers({ query: "50%_\\" });
  expect(matches.map(({ supplier }) => supplier?.supplierId)).toEqual(["H-5"]);
});

test("ListMasterData returns every supplier once, and the audit log has each import", async () => {
  const ids: string[] = [];
  for (let pageToken = ""; ; ) {
    const page = await ops.suppliers.listMasterData({ pageSize: 3, pageToken });
    ids.push(...page.suppliers.map(({ supplierId }) => supplierId));
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
  }
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toContain("M-1");
  const { records } = await ops.audit.queryEvents({ kind: "suppliers.imported", pageSize: 100 });
  expect(records.length).toBeGreaterThan(5);
});
