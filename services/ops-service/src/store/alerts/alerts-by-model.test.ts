import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { migratedUpTo } from "../../../test/old-database.ts";
import { openDatabase } from "../database.ts";

/** The last migration before alerts had the column model_name. */
const LAST_BEFORE = "0004_alert_list_indexes";

let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const alertId = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

test("alerts of an older database keep id, state and history, and get the model whose run raised them", async () => {
  const url = await cluster.createDatabase();
  await migratedUpTo(url, LAST_BEFORE);
  const pool = await openPostgres(url, { max: 1 });
  onTestFinished(() => pool.close());
  await pool.query(`
    insert into bellwether.supplier (external_id) values ('a'), ('b'), ('c');
    insert into bellwether.run (iso_week, model_name, fence, holder, state) values
      ('2026-W01', 'first', 1, 'h', 'complete'), ('2026-W02', 'first', 1, 'h', 'complete'), ('2026-W02', 'second', 1, 'h', 'complete');
    create table bellwether.score_r2 partition of bellwether.score for values in (2);
    insert into bellwether.score values (2, 1, 0.9, null, 4, 0.9, 0, 0, null, null, ''), (2, 2, 0.75, null, 4, 0.75, 0, 1, null, null, '')`);
  const insert = `insert into bellwether.alert (id, supplier_id, rule_id, dimension, severity, state, disposition, risk_score,
      raised_run_id, last_run_id, raised_at, changed_at, resolved_at, acknowledged_by, summary, change_id)
    values ($1, $2, $3, 'score', 'critical', $4, $5, $6, $7, $8, now(), now(), $9, $10, 'why', 1)`;
  const resolvedAt = new Date("2026-01-12T06:00:00Z");
  await pool.query(insert, [alertId(1), 1, "high-score", "acknowledged", null, 0.86, 1, 2, null, "jo"]);
  // This alert was raised by one model, then changed and resolved by a run of another model.
  await pool.query(insert, [alertId(2), 2, "high-score", "resolved", "cleared", 0.07, 1, 3, resolvedAt, ""]);
  await pool.query(insert, [alertId(3), 3, "high-score", "open", null, 0.88, 3, 3, null, ""]);
  await pool.query(
    "insert into bellwether.alert_event (alert_id, kind, occurred_at, actor) select id, 'raised', now(), 'rules' from bellwether.alert",
  );
  const before = await pool.query(
    "select id, state, disposition, resolved_at, acknowledged_by from bellwether.alert order by id",
  );

  await (await openDatabase(url)).close();
  const after = await pool.query(
    `select id, model_name, risk_score, last_run_id, (select count(*)::int from bellwether.alert_event e where e.alert_id = a.id) as events
     from bellwether.alert a order by id`,
  );
  expect(after.rows).toEqual([
    { id: alertId(1), model_name: "first", risk_score: 0.86, last_run_id: 2, events: 1 },
    { id: alertId(2), model_name: "first", risk_score: 0.75, last_run_id: 2, events: 1 },
    { id: alertId(3), model_name: "second", risk_score: 0.88, last_run_id: 3, events: 1 },
  ]);
  const kept = await pool.query(
    "select id, state, disposition, resolved_at, acknowledged_by from bellwether.alert order by id",
  );
  expect(kept.rows).toEqual(before.rows);
  // Now another model can have its own alert about the same supplier and rule.
  const second = `insert into bellwether.alert select (jsonb_populate_record(a, $1)).* from bellwether.alert a where id = $2`;
  await pool.query(second, [JSON.stringify({ id: alertId(4), model_name: "second" }), alertId(1)]);
  await expect(pool.query(second, [JSON.stringify({ id: alertId(5) }), alertId(1)])).rejects.toThrow(/unique/);
});
