import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { visitedRows } from "../../../test/visited-rows.ts";
import { type Db, openDatabase } from "../database.ts";
import type { AlertFilter } from "./alert-conditions.ts";
import { countAlerts, countScope, scopeOf } from "./alert-counts.ts";
import { type AlertOrder, listAlerts } from "./alerts.ts";
import { findText } from "./find-text.ts";

const LIMIT = 50;

let cluster: PostgresServer;
let pool: PostgresPool;
beforeAll(async () => {
  cluster = await usePostgres();
  const url = await cluster.createDatabase();
  await (await openDatabase(url)).close();
  pool = await openPostgres(url, { max: 1 });
  // All alerts of a week are raised at the same time; those of all but the last weeks are resolved.
  await pool.query(`
    insert into bellwether.supplier (external_id) select 'S' || i from generate_series(1, 20000) i;
    insert into bellwether.run (iso_week, model_name, fence, holder) values ('2026-W01', 'm', 1, 'h');
    insert into bellwether.alert
      (id, supplier_id, model_name, rule_id, dimension, severity, rule_severity, state, risk_score, expected_impact, raised_run_id, last_run_id, raised_at, changed_at, summary, change_id)
    select gen_random_uuid(), s.id, 'm', 'high-score', 'score',
      (case when s.id % 2 = 0 then 'critical' else 'warning' end)::bellwether.alert_severity, 'warning',
      (case when s.id > 1000 then 'resolved' when s.id % 4 < 2 then 'open' else 'acknowledged' end)::bellwether.alert_state,
      (s.id % 97) / 97.0, case when s.id % 5 > 0 then (s.id % 89) * 1000 end, r.id, r.id, now(), timestamptz '2026-01-01' + s.id / 2000 * interval '7 days', '', 1
    from bellwether.supplier s, bellwether.run r;
    insert into bellwether.supplier_search (supplier_id, id_key, name_key)
      select id, lower(external_id), 'name ' || id from bellwether.supplier;
    update bellwether.alert set resolved_by = 'jo' where supplier_id % 10 = 7 and state = 'resolved';
    update bellwether.alert set score_change = (supplier_id % 83) / 83.0, trend = case when supplier_id % 50 = 1 then 'new' else 'worse' end;
    analyze`);
});
afterAll(async () => {
  await pool?.close();
  await cluster?.[Symbol.asyncDispose]();
});

test.each<[string, Omit<AlertFilter, "now" | "callerScope">]>([
  ["active alerts", { states: ["open", "acknowledged", "in_mitigation"] }],
  ["open alerts", { states: ["open"] }],
  ["active warnings", { states: ["open", "acknowledged", "in_mitigation"], severity: "warning" }],
  ["resolved alerts", { states: ["resolved"] }],
  ["all alerts", { states: ["open", "acknowledged", "resolved"] }],
])("a page of %s, however far back, reads only a few of 20,000 alerts", async (_what, filter) => {
  const pages: AlertOrder[] = [{ by: "severity" }];
  const list = (db: Db, order: AlertOrder) =>
    listAlerts(db, { ...filter, callerScope: undefined, now: new Date() }, order, LIMIT);
  for (let page = 0; page < 5; page++) {
    const last = (await list(drizzle(pool), pages.at(-1) ?? { by: "severity" })).at(-1)?.alert;
    if (!last) throw new Error(`page ${page} is empty`);
    const { severity, expectedImpact, riskScore, id } = last;
    pages.push({ by: "severity", after: { severity, impact: expectedImpact ?? -1, riskScore, id } });
  }
  const visited = await Promise.all(pages.map((page) => visitedRows(pool, (db) => list(db, page))));
  // The query joins four tables, and half of the active alerts are open.
  expect(Math.max(...visited)).toBeLessThanOrEqual(6 * LIMIT);
});

const ACTIVE_STATES: AlertFilter["states"] = ["open", "acknowledged", "in_mitigation"];
test.each<[string, Omit<AlertFilter, "now" | "callerScope">, AlertOrder["by"]]>([
  ["active alerts by impact", { states: ACTIVE_STATES }, "impact"],
  ["the few new alerts", { states: ACTIVE_STATES, trend: "new", isSnoozed: false }, "severity"],
  ["decided alerts", { states: ["resolved"], isDecided: true }, "severity"],
])("the first page of %s reads only a few of 20,000 alerts", async (_what, filter, by) => {
  const list = (db: Db) => listAlerts(db, { ...filter, callerScope: undefined, now: new Date() }, { by }, LIMIT / 5);
  expect(await list(drizzle(pool))).toHaveLength(LIMIT / 5);
  expect(await visitedRows(pool, list)).toBeLessThanOrEqual(2 * LIMIT);
});

test.each<[string, Omit<AlertFilter, "now" | "callerScope">, boolean]>([
  ["active alerts of a few suppliers", { text: "s99", states: ["open", "acknowledged", "in_mitigation"] }, true],
  ["decided alerts of a few suppliers", { text: "S1997", states: ["resolved"], isDecided: true }, true],
  [
    "a few suppliers of a watchlist",
    { text: "s99", supplierIds: [99, 991, 5], states: ["open", "acknowledged"] },
    true,
  ],
  ["a supplier without alerts", { text: "nobody", states: ["open", "acknowledged", "in_mitigation"] }, true],
  ["more alerts than are looked up", { text: "name", states: ["open", "acknowledged", "in_mitigation"] }, false],
  ["alerts that no person has resolved", { text: "S1997", states: ["resolved"] }, true],
  ["a text that no index finds", { text: "s1", states: ["resolved"] }, false],
])("a search for %s is the same list when the text is looked up once", async (_what, filter, isFound) => {
  const db = drizzle(pool);
  const given = { ...filter, callerScope: undefined, now: new Date() };
  const found = await findText(db, given);
  expect("supplierIds" in found).toBe(isFound);
  const read = async (wanted: AlertFilter) => ({
    ids: (await listAlerts(db, wanted, { by: "severity" }, LIMIT)).map(({ alert }) => alert.id),
    counts: await countAlerts(db, wanted, await countScope(db, scopeOf(wanted), wanted.now), ["jo"]),
  });
  expect(await read(found)).toEqual(await read(given));
});

test("the total of decided alerts of some owners leaves out the alerts of others", async () => {
  await pool.query("update bellwether.alert set owner = 'ann' where supplier_id in (1007, 1017, 1018)");
  const decided: AlertFilter = { states: ["resolved"], isDecided: true, callerScope: undefined, now: new Date() };
  const totalOf = async (filter: AlertFilter) =>
    (await countAlerts(drizzle(pool), filter, await countScope(drizzle(pool), scopeOf(filter), filter.now), ["jo"]))
      .total;
  expect(await totalOf(decided)).toBe(1_900);
  // 1018 was resolved by no person.
  expect(await totalOf({ ...decided, owners: ["ann"] })).toBe(2);
  expect(await totalOf({ ...decided, mine: ["ann", "jo"] })).toBe(2);
});
