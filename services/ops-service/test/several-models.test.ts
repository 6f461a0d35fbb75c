import { readFile } from "node:fs/promises";
import { parseAlertRules } from "@bellwether/config/alert-rules";
import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { parseYaml } from "@bellwether/config/yaml-file";
import { RuleSetSource } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, type OpsHarness, reasonOf, runWeek, seenAlert, startOps, type TestRow } from "./ops-harness.ts";

const RULES = new URL("../../../config/alert_rules.yaml", import.meta.url).pathname;
const DELIVERY = { modelName: "delivery" };

let cluster: PostgresServer;
/** The rules of the product, without capacity alerts. */
let rulesYaml = "";

beforeAll(async () => {
  const yaml = await readFile(RULES, "utf8");
  rulesYaml = yaml.replace("suppliers: 10", "suppliers: 0").replace("keep_within: 20", "keep_within: 0");
  cluster = await usePostgres();
}, 60_000);
afterAll(() => cluster?.[Symbol.asyncDispose]());

/** The rules of the model delivery: an alert from a score of 0.3 on, at once. */
const deliveryYaml = (raise = 0.3) => `version: 1
cool_down_weeks: 0
longest_days: { snooze: 3 }
score_threshold: { id: late-score, raise: ${raise}, runs_to_raise: 1, critical: 0.95, clear: 0.1, runs_to_clear: 1 }
weekly_capacity: { id: late-capacity, suppliers: 0, min_lift: 1, keep_within: 0 }
`;
const parse = (yaml: string) => parseAlertRules(parseYaml(yaml, "rules.yaml"));

async function startTwo(databaseUrl: string): Promise<OpsHarness> {
  const strict = createRiskPolicy({ maxRejectedShare: 0, maxRejectedRows: 0, minSuppliersShare: 0 });
  const files = { alertRules: parse(deliveryYaml()), riskPolicy: strict };
  return startOps(databaseUrl, { alertRules: parse(rulesYaml), furtherModels: new Map([["delivery", files]]) });
}

const rows = (...scores: readonly number[]): readonly TestRow[] => scores.map((score, i) => ({ id: `S-${i}`, score }));

const alertsOf = async ({ alerts }: OpsHarness, modelName: string): Promise<readonly string[]> => {
  const { alerts: found } = await alerts.listAlerts({ modelName });
  return found.map(({ supplierId, ruleId }) => `${supplierId} ${ruleId}`).sort();
};

test("each model has its own rules, drafts, activations and limits of losses", async () => {
  await using ops = await startTwo(await cluster.createDatabase());
  const own = await runWeek(ops, "2026-W01", rows(0.9, 0.4, 0.05));
  const others = await runWeek(ops, "2026-W01", rows(0.05, 0.4, 0.5), DELIVERY);
  const third = await runWeek(ops, "2026-W01", rows(0.9), { modelName: "third" });
  expect(await alertsOf(ops, "supplier-risk")).toEqual(["S-0 high-score"]);
  expect(await alertsOf(ops, "delivery")).toEqual(["S-1 late-score", "S-2 late-score"]);
  expect(await alertsOf(ops, "third")).toEqual(["S-0 high-score"]);
  const { ruleSets } = await ops.rules.listRuleSets({});
  expect(ruleSets.map(({ modelName, setId }) => [modelName, setId])).toEqual([
    ["supplier-risk", "default"],
    ["delivery", "default"],
  ]);
  expect(own?.ruleSets.map(({ hash }) => hash)).toEqual([ruleSets[0]?.hash]);
  expect(third?.ruleSets.map(({ hash }) => hash)).toEqual([ruleSets[0]?.hash]);
  expect(others?.ruleSets.map(({ hash }) => hash)).toEqual([ruleSets[1]?.hash]);

  // A draft of one model, activated: the rules of the other one stay those of the file.
  await ops.rules.putRuleDraft({ ...DELIVERY, rulesYaml: deliveryYaml(0.45), version: 0n });
  expect((await ops.rules.listRuleSets({ modelName: "supplier-risk" })).ruleSets[0]?.draft).toBeUndefined();
  const { activation } = await ops.rules.activateRuleDraft({
    ...DELIVERY,
    ...{ setId: "default", version: 1n, reason: "fewer" },
  });
  expect(activation).toMatchObject({ modelName: "delivery", forecast: { modelName: "delivery" } });
  const listed = await ops.rules.listRuleSets({});
  expect(listed.ruleSets.map(({ source }) => source)).toEqual([RuleSetSource.FILE, RuleSetSource.ACTIVATION]);
  await runWeek(ops, "2026-W02", rows(0.9, 0.44, 0.05));
  await runWeek(ops, "2026-W02", rows(0.05, 0.05, 0.5, 0.44), DELIVERY);
  expect(await alertsOf(ops, "supplier-risk")).toEqual(["S-0 high-score"]);
  expect(await alertsOf(ops, "delivery")).toEqual(["S-2 late-score"]);
  const history = async (modelName: string) => (await ops.rules.listRuleActivations({ modelName })).activations.length;
  expect([await history(""), await history("supplier-risk"), await history("delivery")]).toEqual([1, 0, 1]);

  // An invalid row holds the week of the strict model only.
  const invalid = [...rows(0.05, 0.05, 0.05), { id: "S-9", isInvalid: true }];
  expect((await runWeek(ops, "2026-W03", invalid))?.rowsRejected).toBe(1n);
  expect(await reasonOf(runWeek(ops, "2026-W03", invalid, DELIVERY))).toEqual([Code.FailedPrecondition, "LOSS_LIMIT"]);
});

test("a rule set of one model is retired, and that of the other one with the same id stays", async () => {
  await using ops = await startTwo(await cluster.createDatabase());
  const add = async (modelName: string) => {
    const yaml = deliveryYaml(0.5).replace("cool_down", "id: us\napplies_to: { regions: [US] }\ncool_down");
    await ops.rules.putRuleDraft({ modelName, rulesYaml: yaml.replaceAll("late-", "us-") });
    const request = { modelName, setId: "us", version: 1n, reason: "own limits", force: true };
    return (await ops.rules.activateRuleDraft(request)).activation?.number ?? 0n;
  };
  const numbers = { ofDefault: await add(""), ofDelivery: await add("delivery") };
  // S-1 is of the region US.
  for (const modelName of ["supplier-risk", "delivery", "third"])
    await runWeek(ops, "2026-W01", rows(0.05, 0.6), { modelName });
  const request = { ...DELIVERY, setId: "us", reason: "common rules again" };
  const wrong = ops.rules.retireRuleSet({ ...request, activationNumber: numbers.ofDefault });
  expect(await reasonOf(wrong)).toEqual([Code.Aborted, "RULE_SET_CHANGED"]);
  const answer = await ops.rules.retireRuleSet({ ...request, activationNumber: numbers.ofDelivery });
  expect(answer).toMatchObject({ alertsToResolve: 1, alertsToKeep: 0, nextSetId: "default" });
  expect(answer.retirement).toMatchObject({ retired: true, modelName: "delivery" });
  const { ruleSets } = await ops.rules.listRuleSets({});
  expect(ruleSets.map(({ modelName, setId, source }) => [modelName, setId, source])).toEqual([
    ["supplier-risk", "default", RuleSetSource.FILE],
    ["supplier-risk", "us", RuleSetSource.ACTIVATION],
    ["delivery", "default", RuleSetSource.FILE],
    ["delivery", "us", RuleSetSource.RETIRED],
  ]);
  // The set of the default model is that of every model without rules of its own.
  const rest = { setId: "us", reason: "common rules again", activationNumber: numbers.ofDefault };
  expect(await ops.rules.retireRuleSet(rest)).toMatchObject({ alertsToResolve: 2, nextSetId: "default" });
});

test("a decision about an alert has the limits of the rules of its model", async () => {
  await using ops = await startTwo(await cluster.createDatabase());
  await runWeek(ops, "2026-W01", rows(0.9));
  await runWeek(ops, "2026-W01", rows(0.9), DELIVERY);
  const { alerts } = await ops.alerts.listAlerts({});
  const snooze = async (modelName: string) => {
    const found = alerts.find((one) => one.modelName === modelName);
    const until = { seconds: BigInt(Math.floor(Date.now() / 1000) + 10 * 86_400) };
    return ops.alerts.snoozeAlert({ ...(await seenAlert(ops, found?.alertId ?? "")), until });
  };
  expect((await snooze("supplier-risk")).alert?.version).toBe(2n);
  expect((await failureOf(snooze("delivery"))).message).toContain("is more than 3 days ahead (longest_days.snooze");
});

test("an unknown model is NOT_FOUND, with the known ones; one without files of its own has no drafts", async () => {
  await using ops = await startTwo(await cluster.createDatabase());
  await runWeek(ops, "2026-W01", rows(0.9), { modelName: "third" });
  for (const modelName of ["third", "deliver", "../delivery"]) {
    for (const call of [
      ops.rules.listRuleSets({ modelName }),
      ops.rules.putRuleDraft({ modelName, rulesYaml: deliveryYaml(), version: 0n }),
      ops.rules.activateRuleDraft({ modelName, setId: "default", version: 1n, reason: "x" }),
      ops.rules.listRuleActivations({ modelName }),
      ops.rules.retireRuleSet({ modelName, setId: "us", activationNumber: 1n, reason: "x" }),
    ])
      expect(await reasonOf(call)).toEqual([Code.NotFound, "MODEL_NOT_CONFIGURED"]);
  }
  const error = await failureOf(ops.rules.listRuleSets({ modelName: "deliver" }));
  expect(error.message).toContain('no model "deliver" with alert rules; there are: supplier-risk, delivery');
  for (const modelName of ["a\0b", "m".repeat(65)])
    expect((await failureOf(ops.rules.listRuleSets({ modelName }))).code).toBe(Code.InvalidArgument);
});

test("the draft of the default model is tested on a model to which it would apply", async () => {
  await using ops = await startTwo(await cluster.createDatabase());
  await runWeek(ops, "2026-W01", rows(0.9), DELIVERY);
  await ops.rules.putRuleDraft({ rulesYaml: deliveryYaml(), version: 0n });
  expect((await reasonOf(ops.alerts.backtestRules({ draftSetId: "default" })))[1]).toBe("MODEL_NOT_SCORED");
  await runWeek(ops, "2026-W01", rows(0.9));
  expect((await ops.alerts.backtestRules({ draftSetId: "default" })).modelName).toBe("supplier-risk");
  // Its rules have other ids, so the next run would raise the alert again under the new one.
  const activation = { setId: "default", version: 1n, reason: "x", force: true };
  expect((await ops.rules.activateRuleDraft(activation)).activation?.forecast?.modelName).toBe("supplier-risk");
  // The draft of the other model does not exist.
  expect((await reasonOf(ops.alerts.backtestRules({ ...DELIVERY, draftSetId: "default" })))[1]).toBe(
    "RULE_DRAFT_NOT_FOUND",
  );
});

test("drafts and activations of a database of an earlier release are those of the default model", async () => {
  const databaseUrl = await cluster.createDatabase();
  {
    await using ops = await startOps(databaseUrl, { alertRules: parse(rulesYaml) });
    await ops.rules.putRuleDraft({ rulesYaml: deliveryYaml(), version: 0n });
    await ops.rules.activateRuleDraft({ setId: "default", version: 1n, reason: "before" });
  }
  const pool = await openPostgres(databaseUrl, { max: 1 });
  const { rows: stored } = await pool.query("select model_name from bellwether.rule_activation");
  await pool.end();
  expect(stored).toEqual([{ model_name: "" }]);
  await using ops = await startTwo(databaseUrl);
  const { ruleSets } = await ops.rules.listRuleSets({});
  expect(ruleSets.map(({ modelName, source }) => [modelName, source])).toEqual([
    ["supplier-risk", RuleSetSource.ACTIVATION],
    ["delivery", RuleSetSource.FILE],
  ]);
});
