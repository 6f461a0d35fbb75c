import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { migratedUpTo } from "../../../test/old-database.ts";
import { openDatabase } from "../database.ts";

let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const alertId = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

test("alerts of an older database keep state and history, and get the values that an earlier version did not store", async () => {
  const url = await cluster.createDatabase();
  await migratedUpTo(url, "0007_feature_values");
  const pool = await openPostgres(url, { max: 1 });
  onTestFinished(() => pool.close());
  await pool.query(`
    insert into bellwether.supplier (external_id) values ('a'), ('b'), ('c'), ('gone');
    insert into bellwether.run (iso_week, model_name, fence, holder, state) values
      ('2026-W01', 'm', 1, 'h', 'complete'), ('2026-W02', 'm', 1, 'h', 'complete');
    create table bellwether.score_r2 partition of bellwether.score for values in (2);
    insert into bellwether.score values (2, 1, 0.9, 0.02, 4, 9, 0, 0, null, null, ''), (2, 2, 0.75, null, 4, 7.5, 0, 1, null, null, ''),
      (2, 3, 0.7, -0.1, 3, 7, 0, 2, null, null, '')`);
  const insert = `insert into bellwether.alert (id, supplier_id, model_name, rule_id, dimension, severity, state, disposition, risk_score,
      raised_run_id, last_run_id, raised_at, changed_at, resolved_at, acknowledged_by, summary, change_id)
    values ($1, $2, 'm', 'high-score', 'score', $3, $4, $5, $6, $7, $8, now(), now(), $9, '', 'why', $10)`;
  const resolvedAt = new Date("2026-01-12T06:00:00Z");
  await pool.query(insert, [alertId(1), 1, "critical", "open", null, 0.9, 1, 2, null, 3]);
  await pool.query(insert, [alertId(2), 2, "warning", "resolved", "false_alarm", 0.75, 2, 2, resolvedAt, 7]);
  await pool.query(insert, [alertId(3), 3, "warning", "resolved", "cleared", 0.7, 1, 2, resolvedAt, 3]);
  await pool.query(insert, [alertId(4), 4, "critical", "open", null, 0.88, 1, 1, null, 1]);
  const events = [
    [1, "raised", "rules"],
    [2, "raised", "rules"],
    [2, "resolved", "jo"],
    [3, "resolved", "rules"],
  ] as const;
  for (const [number, kind, actor] of events)
    await pool.query(
      "insert into bellwether.alert_event (alert_id, kind, occurred_at, actor) values ($1, $2, now(), $3)",
      [alertId(number), kind, actor],
    );

  await (await openDatabase(url)).close();
  const { rows } = await pool.query(`
    select state, disposition, rule_severity, version::int, changed_by, resolved_by, band, expected_impact, round(score_change::numeric, 3)::float8 as change,
      trend, (select sequence::int from bellwether.alert_transaction t where t.change_id = a.change_id) as sequence,
      (select count(*)::int from bellwether.alert_event e where e.alert_id = a.id) as events
    from bellwether.alert a order by id`);
  const known = { version: 1, expected_impact: null, band: null, change: null, trend: "same" };
  expect(rows).toEqual([
    {
      ...{
        ...known,
        state: "open",
        disposition: null,
        rule_severity: "critical",
        changed_by: "rules",
        resolved_by: "",
      },
      ...{ band: "high", expected_impact: 9, change: 0.02, trend: "worse", sequence: 2, events: 1 },
    },
    {
      ...{ ...known, state: "resolved", disposition: "false_alarm", rule_severity: "warning", changed_by: "jo" },
      ...{ resolved_by: "jo", band: "high", expected_impact: 7.5, trend: "new", sequence: 3, events: 2 },
    },
    {
      ...{ ...known, state: "resolved", disposition: "cleared", rule_severity: "warning", changed_by: "rules" },
      ...{ resolved_by: "", band: "medium", expected_impact: 7, change: -0.1, trend: "better", sequence: 2, events: 1 },
    },
    {
      ...{ ...known, state: "open", disposition: null, rule_severity: "critical", changed_by: "", resolved_by: "" },
      ...{ sequence: 1, events: 0 },
    },
  ]);
});
