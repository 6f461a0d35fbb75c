import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 60_000 });

let cluster: PostgresServer;
let ops: OpsHarness;

beforeAll(async () => {
  cluster = await usePostgres();
  ops = await startOps(await cluster.createDatabase());
  await runWeek(ops, "2026-W01", [
    { id: "a/b ü", score: 0.9 },
    { id: "c", score: 0.1 },
  ]);
}, 60_000);
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function get(path: string) {
  const response = await fetch(`${ops.webUrl}${path}`);
  return { status: response.status, type: response.headers.get("content-type"), body: await response.json() };
}
const idsOf = ({ body }: Awaited<ReturnType<typeof get>>) =>
  body.suppliers.map(({ supplier_id }: { supplier_id: string }) => supplier_id);

test("GET /suppliers lists the suppliers in snake_case, page by page", async () => {
  const first = await get("/suppliers?order_by=score&page_size=1&include_facets=true");
  expect(first.body).toMatchObject({ iso_week: "2026-W01", model_name: "supplier-risk", total_size: 2 });
  expect(first.body.suppliers[0]).toMatchObject({ supplier_id: "a/b ü", latest_score: { risk_score: 0.9 } });
  expect(first.body.facets.bands.length).toBeGreaterThan(0);
  const token = encodeURIComponent(first.body.next_page_token);
  const second = await get(`/suppliers?order_by=score&page_size=1&page_token=${token}`);
  expect([idsOf(second), second.body.next_page_token]).toEqual([["c"], ""]);
});

test.each([
  ["order_by=score&direction=ascending", ["c", "a/b ü"]],
  ["has_active_alerts=true", ["a/b ü"]],
  ["has_active_alerts=false", ["c"]],
  ["change=unknown&change=up&order_by=name&page_size=200", ["a/b ü", "c"]],
  ["region=nowhere", []],
  ["query=Name%20of%20c", ["c"]],
  ["completeness_below=0", []],
])("GET /suppliers?%s selects %j", async (query, expected) => {
  expect(idsOf(await get(`/suppliers?${query}`))).toEqual(expected);
});

test("GET /supplier returns a supplier whose id has a slash, with its history", async () => {
  const { status, body } = await get(`/supplier?supplier_id=${encodeURIComponent("a/b ü")}&history_weeks=260`);
  expect([status, body.supplier.supplier_id, body.history.length]).toEqual([200, "a/b ü", 1]);
  expect(body.history[0]).toMatchObject({ iso_week: "2026-W01", risk_score: 0.9 });
});

test.each([
  ["/suppliers?bands=high", 400, "bands: unknown query parameter"],
  ["/suppliers?band=hihg", 400, 'did you mean \\"high\\"'],
  ["/suppliers?band=high&band=high", 400, '"field":"band"'],
  [`/suppliers?region=${"x".repeat(257)}`, 400, '"detail":"region: '],
  [`/suppliers?category=a&category=${"x".repeat(257)}`, 400, '"field":"category"'],
  ["/alerts?state=open&state=open", 400, '"field":"state"'],
  ["/alerts?disposition=accepted&disposition=accepted", 400, '"field":"disposition"'],
  ["/suppliers?page_size=201", 400, "page_size"],
  ["/suppliers?page_size=many", 400, "page_size"],
  ["/suppliers?completeness_below=1.01", 400, "completeness_below"],
  ["/suppliers?completeness_below=NaN", 400, "completeness_below"],
  ["/suppliers?has_active_alerts=yes", 400, "has_active_alerts"],
  ["/suppliers?order_by=name&order_by=score", 400, "order_by: is given 2 times"],
  ["/suppliers?model_name=none", 404, "none"],
  ["/supplier", 400, "supplier_id"],
  ["/supplier?supplier_id=x", 404, "x"],
  ["/supplier?supplier_id=c&history_weeks=261", 400, "history_weeks"],
])("GET %s is a problem with status %i that names %s", async (path, status, expected) => {
  const answer = await get(path);
  expect([answer.status, answer.type]).toEqual([status, "application/problem+json"]);
  expect(JSON.stringify(answer.body)).toContain(expected);
});
