import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { mergeLinksOf } from "../src/domain/merges/merge-links.ts";
import type { SupplierOrder, SupplierQuery } from "../src/domain/suppliers/supplier.ts";
import { createLabelTexts } from "../src/store/scores/label-texts.ts";
import { createRunGroups } from "../src/store/suppliers/supplier-groups.ts";
import { listSuppliers } from "../src/store/suppliers/suppliers.ts";
import { type OpsHarness, startOps, testChunk } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const SCORED = 12_000;
const CHUNK_ROWS = 6_000;
const PAGE = 51;

let cluster: PostgresServer;
let ops: OpsHarness;
let pool: PostgresPool;
let rows: readonly Row[];
let options: Parameters<typeof listSuppliers>[3];

/** A score as plain SQL reads it, without conditions and order. */
interface Row {
  readonly number: number;
  readonly impact: number;
  readonly score: number | null;
  readonly change: number | null;
  readonly exposure: number | null;
  readonly name: string;
  readonly band: number;
  readonly region: string;
  readonly present: number;
  readonly isAlerted: boolean;
}

/** Many names, in another order than the numbers; 23 suppliers have none. */
const nameOf = (i: number): string => (i % 520 === 0 ? "" : `${"xyzabc"[i % 6]}${(i * 7919) % SCORED} Steel`);

async function completeWeek(isoWeek: string, scoreOf: (i: number) => number | undefined): Promise<void> {
  const { lease } = await ops.batch.startRun({ isoWeek, modelName: "supplier-risk", holder: isoWeek });
  for (let chunk = 0; chunk * CHUNK_ROWS < SCORED; chunk++) {
    const positions = Array.from({ length: CHUNK_ROWS }, (_, i) => chunk * CHUNK_ROWS + i);
    const given = positions.map((i) => {
      const score = scoreOf(i);
      const values = [0.5, i % 4 === 0 ? Number.NaN : 90, i % 12 === 0 ? Number.NaN : 3, 1];
      return {
        id: `s${i}`,
        exposure: i % 50 === 0 ? Number.NaN : (i * 48_271) % 1_009,
        values,
        ...(score && { score }),
      };
    });
    const request = testChunk(lease, chunk, given);
    await ops.batch.submitChunk(Object.assign(request, { supplierNames: positions.map(nameOf) }), {
      timeoutMs: 60_000,
    });
  }
  const totals = { rowsRead: BigInt(SCORED), rowsRejected: 0n, chunksTotal: SCORED / CHUNK_ROWS };
  await ops.batch.completeRun({ ...(lease && { lease }), ...totals }, { timeoutMs: 120_000 });
}

beforeAll(async () => {
  cluster = await usePostgres();
  const url = await cluster.createDatabase();
  ops = await startOps(url);
  pool = await openPostgres(url, { max: 2 });
  const base = (i: number): number => ((i * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
  await completeWeek("2026-W01", (i) => (i % 9 === 0 ? undefined : base(i) ** 4));
  await completeWeek("2026-W02", (i) => (i % 31 === 0 ? undefined : base(i + (i % 3)) ** 4));
  // Suppliers without a score are between the others.
  await pool.query(`
    with made as (
      insert into bellwether.supplier (external_id, name) select 'u' || i, 'b' || i from generate_series(1, 20000) i returning id, external_id, name
    ) insert into bellwether.supplier_search select id, external_id, name from made;
    analyze`);
  const found = await pool.query<Row>(`
    select s.supplier as number, s.impact, s.p as score, s.delta::float8 as change, s.exposure, n.name_key as name, s.band,
      coalesce((select value from bellwether.label l where l.id = s.region), '') as region, s.present,
      exists (select from bellwether.alert a where a.supplier_id = s.supplier and a.state <> 'resolved') as "isAlerted"
    from bellwether.score s join bellwether.supplier_search n on n.supplier_id = s.supplier
    where s.run = (select max(id) from bellwether.run)`);
  rows = found.rows;
  const db = drizzle(pool);
  options = { groupsOf: createRunGroups(db), labelTexts: createLabelTexts(db), links: mergeLinksOf([]) };
});
afterAll(async () => {
  await pool?.close();
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const ANY = {
  ...{ bands: [], regions: [], categories: [], changes: [], query: "", modelName: "" },
  ...{ hasActiveAlerts: undefined, completenessBelow: undefined, withoutExposure: false, isoWeek: "" },
  scope: undefined,
} satisfies Partial<SupplierQuery>;

const FILTERS: readonly (readonly [name: string, filter: Partial<SupplierQuery>, meets: (row: Row) => boolean])[] = [
  ["no condition", {}, () => true],
  ["a region", { regions: ["EU"] }, ({ region }) => region === "EU"],
  ["a band", { bands: ["high"] }, ({ band }) => band === 4],
  [
    "a band and rising",
    { bands: ["low"], changes: ["up"] },
    ({ band, change }) => band === 2 && change !== null && change > 0,
  ],
  ["two bands with others between them", { bands: ["low", "high"] }, ({ band }) => band === 2 || band === 4],
  [
    "a region and bands",
    { regions: ["US"], bands: ["low", "medium"] },
    ({ region, band }) => region === "US" && (band === 2 || band === 3),
  ],
  ["a scope", { scope: { regions: ["EU"], categories: [] } }, ({ region }) => region === "EU"],
  [
    "a scope and no alerts",
    { scope: { regions: ["EU"], categories: [] }, hasActiveAlerts: false },
    ({ isAlerted, region }) => !isAlerted && region === "EU",
  ],
  [
    "a scope and a text with alerts",
    { scope: { regions: ["EU"], categories: [] }, query: "x1", hasActiveAlerts: true },
    ({ name, isAlerted, region }) => /(^| )x1/.test(name) && isAlerted && region === "EU",
  ],
  [
    "a scope and a text of other regions",
    { scope: { regions: ["US"], categories: [] }, query: "y1" },
    ({ name, region }) => /(^| )y1/.test(name) && region === "US",
  ],
  [
    "a region of several in a scope",
    { scope: { regions: ["EU", "US"], categories: [] }, regions: ["US"] },
    ({ region }) => region === "US",
  ],
  ["falling", { changes: ["down"] }, ({ change }) => change !== null && change < 0],
  ["incomplete", { completenessBelow: 0.75 }, ({ present }) => present / 4 < 0.75],
  ["alerts", { hasActiveAlerts: true }, ({ isAlerted }) => isAlerted],
  ["no alerts", { hasActiveAlerts: false }, ({ isAlerted }) => !isAlerted],
  [
    "no alerts in a region",
    { hasActiveAlerts: false, regions: ["EU"] },
    ({ isAlerted, region }) => !isAlerted && region === "EU",
  ],
  [
    "a text without alerts",
    { query: "x1", hasActiveAlerts: false },
    ({ name, isAlerted }) => /(^| )x1/.test(name) && !isAlerted,
  ],
  [
    "a text with alerts",
    { query: "x1", hasActiveAlerts: true },
    ({ name, isAlerted }) => /(^| )x1/.test(name) && isAlerted,
  ],
];
const ORDERS: readonly SupplierOrder[] = ["impact", "score", "change", "exposure", "name"];

/** Returns the value of an order by a number. Null: the score has none. */
function orderValueOf(row: Row, order: SupplierOrder): number | null {
  if (order === "name" || (order === "impact" && row.score === null)) return null;
  return row[order];
}

/** Returns the rows in the order of a list: those without the value last, in both directions. */
function inOrder(list: readonly Row[], order: SupplierOrder, descending: boolean): readonly Row[] {
  const sign = descending ? -1 : 1;
  const keyOf = (row: Row): number | Buffer | null =>
    order === "name" && row.name !== "" ? Buffer.from(row.name) : orderValueOf(row, order);
  return list.toSorted((a, b) => {
    const [x, y] = [keyOf(a), keyOf(b)];
    if (x === null || y === null) return x === y ? sign * (a.number - b.number) : x === null ? 1 : -1;
    const by = Buffer.isBuffer(x) && Buffer.isBuffer(y) ? Buffer.compare(x, y) : Number(x) - Number(y);
    return sign * (by || a.number - b.number);
  });
}

describe.each(FILTERS)("a list of the suppliers with %s", (_, filter, meets) => {
  test.each(ORDERS)(
    "by %s has in both directions the pages and the numbers of a plain recomputation",
    async (orderBy) => {
      const expected = rows.filter(meets);
      expect(expected.length).toBeGreaterThan(0);
      for (const descending of [true, false]) {
        const query: SupplierQuery = { ...ANY, ...filter, orderBy, descending, includeFacets: true };
        const sorted = inOrder(expected, orderBy, descending);
        // The first page, the second one, one in the middle, and the last one.
        for (const from of new Set([0, PAGE, Math.floor(sorted.length / 2), Math.max(0, sorted.length - 20)])) {
          const last = sorted[from - 1];
          if (from > 0 && !last) continue;
          const after = last && { runId: 2, value: orderValueOf(last, orderBy), number: last.number };
          const page = await listSuppliers(drizzle(pool), { ...query, ...(after && { after }) }, PAGE, options);
          expect(page.suppliers.map(({ number }) => number)).toEqual(
            sorted.slice(from, from + PAGE).map(({ number }) => number),
          );
          expect(page.totalSize).toBe(expected.length);
          if (!filter.regions)
            expect(new Map(page.facets?.regions.map((facet) => [facet.value, facet.suppliers]))).toEqual(
              new Map(
                [...Map.groupBy(expected, ({ region }) => region)].map(([region, some]) => [region, some.length]),
              ),
            );
        }
      }
    },
  );
});

test("the conditions select as many suppliers as each way of reading a page needs", () => {
  const counts = FILTERS.map(([, , meets]) => rows.filter(meets).length);
  // Up to 2,500 suppliers by name are sorted, up to 8,000 in other orders.
  for (const [least, most] of [
    [1, 2_500],
    [2_501, 8_000],
    [8_001, SCORED],
  ] as const)
    expect(counts.some((count) => count >= least && count <= most)).toBe(true);
});
