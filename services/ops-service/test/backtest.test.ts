import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { BacktestRulesRequestSchema } from "@bellwether/gen/bellwether/ops/v1/backtest_pb";
import { OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, type OpsHarness, reasonOf, runWeek, startOps } from "./ops-harness.ts";

const RULES = new URL("../../../config/alert_rules.yaml", import.meta.url).pathname;
const SUPPLIERS = 60;
const WEEKS = 14;
const isoWeek = (week: number): string => `2026-W${String(week).padStart(2, "0")}`;

let cluster: PostgresServer;
let pool: PostgresPool;
let ops: OpsHarness;
let rulesYaml = "";

beforeAll(async () => {
  rulesYaml = await readFile(RULES, "utf8");
  cluster = await usePostgres();
  const databaseUrl = await cluster.createDatabase();
  pool = await openPostgres(databaseUrl, { max: 1 });
  ops = await startOps(databaseUrl);
  const random = seededRandom(7);
  const levels = Array.from({ length: SUPPLIERS }, () => random());
  for (let week = 1; week <= WEEKS; week++) {
    // Scores move around the limits of the rules; a supplier of seven is absent, one of nine has no score.
    const rows = levels.flatMap((level, i) => {
      if (random() < 1 / 7) return [];
      const id = `S-${String(i).padStart(2, "0")}`;
      if (random() < 1 / 9) return [{ id }];
      return [{ id, score: Math.min(1, Math.max(0, level + (random() - 0.5) / 2)), exposure: 1 + (i % 5) }];
    });
    await runWeek(ops, isoWeek(week), rows);
  }
}, 120_000);
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await pool?.close();
  await cluster?.[Symbol.asyncDispose]();
});

/** A linear congruential generator: the same numbers in each run. Source: Numerical Recipes. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const backtest = (over: MessageInitShape<typeof BacktestRulesRequestSchema> = {}) =>
  ops.alerts.backtestRules({ rulesYaml, fromWeek: isoWeek(1), ...over });

test("the rules in use raise in each week what the runs raised, and nothing is written", async () => {
  const countRows = async () => {
    const tables = ["alert", "alert_event", "audit_event", "alert_run_change", "supplier", "run"];
    const counts = tables.map((table) => `(select count(*) from bellwether.${table}) as ${table}`).join(", ");
    return (await pool.query(`select ${counts}`)).rows[0];
  };
  const before = await countRows();
  const { weeks, modelName, fromWeek, toWeek, weeklyBudget } = await backtest();
  expect(await countRows()).toEqual(before);
  expect({ modelName, fromWeek, toWeek, weeklyBudget }).toEqual({
    ...{ modelName: "supplier-risk", fromWeek: "2026-W01", toWeek: "2026-W14", weeklyBudget: 10 },
  });
  const raised = weeks.map((week) => week.raised);
  expect(raised).toEqual(weeks.map(({ recordedRaised }) => recordedRaised));
  expect(raised.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(30);
  // Every supplier with a simulated alert had an alert at the time.
  for (const week of weeks)
    for (const rule of week.rules) expect([week.isoWeek, rule.recorded]).toEqual([week.isoWeek, rule.raised]);
  const { rows } = await pool.query<{ active: number }>(
    `select count(*)::int as active from bellwether.alert where state <> 'resolved'`,
  );
  expect(weeks.at(-1)?.active).toBe(rows[0]?.active);
});

test("weeks before the first one are evaluated, so that their alerts are not new in it", async () => {
  const all = await backtest();
  const later = await backtest({ fromWeek: isoWeek(9) });
  expect(later.weeks).toEqual(all.weeks.slice(8));
  expect(later.weeks[0]?.isoWeek).toBe(isoWeek(9));
});

test("a draft that would raise far more alerts than the budget has a sentence about it", async () => {
  const draft = rulesYaml.replace("raise: 0.70", "raise: 0.01").replace("clear: 0.60", "clear: 0");
  const answer = await backtest({ rulesYaml: draft.replace("runs_to_raise: 2", "runs_to_raise: 1"), weeklyBudget: 5 });
  const most = answer.rules[0]?.mostRaised ?? 0;
  expect(most).toBeGreaterThan(25);
  expect(answer.notes[0]).toBe(
    `The rule high-score would raise ${most} alerts in 2026-W01 alone, ${Math.floor(most / 5)} times the weekly budget of 5.`,
  );
  expect(answer.weeks[0]).toMatchObject({ isoWeek: "2026-W01", overBudget: true });
  expect(answer.weeksOverBudget).toBeGreaterThan(0);
});

test("outcomes and decisions are counted, and precision has the interval of Wilson", async () => {
  const first = await backtest();
  expect(first.rules.map(({ precision }) => precision)).toEqual([undefined, undefined]);
  expect(first.notes).toContain("No outcome and no decision is known about the suppliers, so there is no precision.");
  const { alerts } = await ops.alerts.listAlerts({});
  const [real, unreal] = alerts.filter(({ ruleId }) => ruleId === "high-score");
  const { rows } = await pool.query<{ supplierId: string; week: string }>(
    `select u.external_id as "supplierId", r.iso_week as week from bellwether.alert_event e
     join bellwether.alert a on a.id = e.alert_id and a.rule_id = 'high-score'
     join bellwether.supplier u on u.id = a.supplier_id join bellwether.run r on r.id = e.run_id
     where e.kind in ('raised', 'reopened') and a.id <> all($1::uuid[]) order by r.iso_week, 1 limit 3`,
    [[real?.alertId, unreal?.alertId]],
  );
  expect(rows).toHaveLength(3);
  const values = [OutcomeValue.OCCURRED, OutcomeValue.OCCURRED, OutcomeValue.NOT_OCCURRED];
  const outcomes = await ops.outcomes.recordOutcomes({
    requestId: randomUUID(),
    rows: rows.map(({ supplierId, week }, i) => ({ supplierId, isoWeek: week, value: values[i] ?? 0 })),
  });
  expect(outcomes.recorded).toBe(3);
  for (const [alert, disposition] of [
    [real, Disposition.MITIGATED],
    [unreal, Disposition.FALSE_MODEL],
  ] as const)
    await ops.alerts.resolveAlert({ alertId: alert?.alertId ?? "", version: alert?.version ?? 0n, disposition });
  const answer = await backtest();
  const [rule] = answer.rules;
  expect(rule).toMatchObject({ ruleId: "high-score", occurred: 3n, notOccurred: 2n, precision: 0.6 });
  expect(rule?.precisionLow).toBeCloseTo(0.2307, 4);
  expect(rule?.precisionHigh).toBeCloseTo(0.8824, 4);
  const sum = (of: "decidedReal" | "decidedNotReal" | "occurred" | "notOccurred") =>
    answer.weeks.reduce((total, week) => total + (week.rules[0]?.[of] ?? 0), 0);
  expect([sum("occurred"), sum("notOccurred"), sum("decidedReal"), sum("decidedNotReal")]).toEqual([2, 1, 1, 1]);
});

test("an invalid draft is rejected with every violation and its line", async () => {
  const draft = rulesYaml.replace("clear: 0.60", "clear: 0.99").replace("suppliers: 10", "suppliers: many");
  const error = await failureOf(backtest({ rulesYaml: draft }));
  expect(error.code).toBe(Code.InvalidArgument);
  expect(error.message).toContain("rules_yaml.weekly_capacity.suppliers: line ");
  expect(error.message).toContain("rules_yaml.score_threshold.clear: line ");
  for (const broken of ["version: 1", "{", "a: &x 1\nb: *x", "\0"])
    expect(await reasonOf(backtest({ rulesYaml: broken }))).toEqual([Code.InvalidArgument, "RULE_DRAFT"]);
  expect(await reasonOf(backtest({ rulesYaml: "x".repeat(65_537) }))).toEqual([
    ...[Code.InvalidArgument, "INVALID_REQUEST"],
  ]);
  for (const invalid of [{ rulesYaml: "" }, { draftSetId: "default" }])
    expect(await reasonOf(backtest(invalid))).toEqual([Code.InvalidArgument, "QUERY"]);
});

test("weeks in the wrong order, too many weeks and an unknown model are rejected; weeks without scores are named", async () => {
  expect(await reasonOf(backtest({ fromWeek: isoWeek(5), toWeek: isoWeek(4) }))).toEqual([
    Code.InvalidArgument,
    "QUERY",
  ]);
  expect(await reasonOf(backtest({ fromWeek: "2023-W01" }))).toEqual([Code.InvalidArgument, "QUERY"]);
  expect(await reasonOf(backtest({ modelName: "nobody" }))).toEqual([Code.NotFound, "MODEL_NOT_SCORED"]);
  const none = await backtest({ fromWeek: "2025-W01", toWeek: "2025-W10" });
  expect(none.weeks).toEqual([]);
  expect(none.notes).toContain("supplier-risk has no complete week with stored scores from 2025-W01 to 2025-W10.");
  await pool.query(`update bellwether.run set scores_expired_at = now() where iso_week = '2026-W02'`);
  const expired = await backtest();
  expect(expired.weeks).toHaveLength(WEEKS - 1);
  expect(expired.notes.join()).toContain("1 week left out: the retention has removed the scores");
});
