import { readFile } from "node:fs/promises";
import { parseAlertRules } from "@bellwether/config/alert-rules";
import { parseYaml } from "@bellwether/config/yaml-file";
import { AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { RuleSetSource } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, type OpsHarness, reasonOf, runWeek, startOps, type TestRow } from "./ops-harness.ts";

const RULES = new URL("../../../config/alert_rules.yaml", import.meta.url).pathname;

let cluster: PostgresCluster;
let fileYaml = "";
/** The rules of the product, without capacity alerts. */
let rulesYaml = "";

beforeAll(async () => {
  fileYaml = await readFile(RULES, "utf8");
  rulesYaml = fileYaml.replace("suppliers: 10", "suppliers: 0").replace("keep_within: 20", "keep_within: 0");
  cluster = await startPostgresCluster();
}, 60_000);
afterAll(() => cluster?.[Symbol.asyncDispose]());

/** Starts the service on a database of its own. */
async function startRuled(yaml = rulesYaml) {
  const databaseUrl = await cluster.createDatabase();
  const alertRules = parseAlertRules(parseYaml(yaml, "rules.yaml"));
  const ops = await startOps(databaseUrl, { alertRules });
  return { databaseUrl, alertRules, ops, [Symbol.asyncDispose]: () => ops[Symbol.asyncDispose]() };
}

/** Suppliers at even positions are of the region EU, the others of US. */
const rows = (...scores: readonly number[]): readonly TestRow[] => scores.map((score, i) => ({ id: `S-${i}`, score }));

const alertsOf = async ({ alerts }: OpsHarness): Promise<readonly string[]> => {
  const { alerts: found } = await alerts.listAlerts({});
  return found.map(({ supplierId, ruleId }) => `${supplierId} ${ruleId}`).sort();
};

const CHANGES = "\nchanges:\n  - { id: jump, changes_by: 0.2 }\n  - { id: rise, rises_above: 0.5 }\n";

test("change rules raise alerts between a week and the week before, and in a back-test as in the runs", async () => {
  await using started = await startRuled(rulesYaml + CHANGES);
  const { ops } = started;
  await runWeek(ops, "2026-W01", rows(0.1, 0.3, 0.45, 0.5));
  expect(await alertsOf(ops)).toEqual([]);
  await runWeek(ops, "2026-W02", rows(0.3, 0.3, 0.55, 0.55));
  expect(await alertsOf(ops)).toEqual(["S-0 jump", "S-2 rise"]);
  await runWeek(ops, "2026-W03", rows(0.3, 0.1, 0.55, 0.55));
  expect(await alertsOf(ops)).toEqual(["S-1 jump"]);
  const { weeks, rules } = await ops.alerts.backtestRules({ rulesYaml: rulesYaml + CHANGES, fromWeek: "2026-W01" });
  expect(weeks.map(({ raised, recordedRaised }) => [raised, recordedRaised])).toEqual([
    [0, 0],
    [2, 2],
    [1, 1],
  ]);
  expect(rules.map(({ ruleId, raised }) => [ruleId, Number(raised)])).toEqual([
    ["high-score", 0],
    ["weekly-capacity", 0],
    ["jump", 2],
    ["rise", 1],
  ]);
});

const further = (id: string, scope: string, raise: number) => `
  - id: ${id}
    applies_to: ${scope}
    cool_down_weeks: 0
    score_threshold: { id: ${id}-score, raise: ${raise}, runs_to_raise: 1, critical: 0.95, clear: 0.1, runs_to_clear: 1 }
    weekly_capacity: { id: ${id}-capacity, suppliers: 1, min_lift: 0.5, keep_within: 1 }
`;

test("each supplier gets the alerts of the rule set of its region, and the run records the hashes", async () => {
  const yaml = `${rulesYaml}\nsets:${further("us", "{ regions: [US] }", 0.6)}`;
  await using started = await startRuled(yaml);
  const { ops, alertRules } = started;
  const run = await runWeek(ops, "2026-W01", rows(0.9, 0.9, 0.3, 0.3, 0.5, 0.5));
  // The highest impact of the region without an alert of its score rule.
  expect(await alertsOf(ops)).toEqual(["S-0 high-score", "S-1 us-score", "S-5 us-capacity"]);
  expect(run?.ruleSets.map(({ setId, hash }) => [setId, hash])).toEqual([
    ["default", alertRules.hash],
    ["us", alertRules.sets[0]?.hash],
  ]);
  const { records } = await ops.audit.queryEvents({ kind: "run.completed" });
  expect(JSON.parse(records[0]?.event?.payloadJson ?? "{}").ruleSets).toHaveLength(2);
  const { weeks } = await ops.alerts.backtestRules({ rulesYaml: yaml, fromWeek: "2026-W01" });
  expect(weeks.map(({ raised, recordedRaised }) => [raised, recordedRaised])).toEqual([[3, 3]]);
  // A later revision of the week decides again, each supplier by its own set.
  await ops.batch.supersedeRun({ runId: run?.runId ?? 0, reason: "corrected" });
  await runWeek(ops, "2026-W01", rows(0.9, 0.3, 0.3, 0.9, 0.5, 0.2));
  expect(await alertsOf(ops)).toEqual(["S-0 high-score", "S-1 us-capacity", "S-3 us-score"]);
});

test("a draft is stored, tested and activated; runs use it, and the history has who and why", async () => {
  await using started = await startRuled();
  const { ops, alertRules } = started;
  await runWeek(ops, "2026-W01", rows(0.5, 0.6, 0.2));
  const draft = rulesYaml.replace("critical: 0.85", "critical: 0.55").replace("raise: 0.70", "raise: 0.50");
  const valid = draft.replace("clear: 0.60", "clear: 0.40").replace("keep_critical: 0.75", "keep_critical: 0.45");
  const { ruleSet } = await ops.rules.putRuleDraft({ rulesYaml: `# mine\n${valid}`, version: 0n });
  expect(ruleSet).toMatchObject({ setId: "default", source: RuleSetSource.FILE, hash: alertRules.hash });
  expect(ruleSet?.draft).toMatchObject({ version: 1n, rulesYaml: `# mine\n${valid}` });
  expect(ruleSet?.draft?.rules.map(({ ruleId }) => ruleId)).toEqual(["high-score", "weekly-capacity"]);
  const tested = await ops.alerts.backtestRules({ draftSetId: "default", fromWeek: "2026-W01" });
  expect(tested).toMatchObject({ raisedAtOnce: 1, weeks: [{ raised: 1, recordedRaised: 0 }] });
  expect(await alertsOf(ops)).toEqual([]);
  const request = { setId: "default", version: 1n, reason: "too few alerts" };
  expect(await reasonOf(ops.rules.activateRuleDraft(request))).toEqual([Code.FailedPrecondition, "RULES_OVER_BUDGET"]);
  const { activation } = await ops.rules.activateRuleDraft({ ...request, force: true });
  expect(activation).toMatchObject({
    ...{ number: 1n, fromHash: alertRules.hash, toHash: ruleSet?.draft?.hash, reason: "too few alerts", forced: true },
    forecast: { raisedAtOnce: 1, weeklyBudget: 0, weeks: 1, modelName: "supplier-risk" },
  });
  expect(await ops.rules.activateRuleDraft({ ...request, force: true })).toMatchObject({ activation: { number: 1n } });
  const run = await runWeek(ops, "2026-W02", rows(0.5, 0.6, 0.2));
  expect(await alertsOf(ops)).toEqual(["S-0 high-score", "S-1 high-score"]);
  expect(run?.ruleSets).toMatchObject([{ setId: "default", hash: activation?.toHash }]);
  const [active] = (await ops.rules.listRuleSets({})).ruleSets;
  expect(active).toMatchObject({ source: RuleSetSource.ACTIVATION, hash: activation?.toHash, draft: { version: 2n } });
  expect(active?.draft?.rulesYaml).toBe("");
  const { records } = await ops.audit.queryEvents({ kind: "rules.activated" });
  expect(JSON.parse(records[0]?.event?.payloadJson ?? "{}")).toMatchObject({
    reason: "too few alerts",
    isForced: true,
  });
});

test("a draft that raises no more than the rules in use is activated, however many these raised", async () => {
  await using started = await startRuled();
  const { ops } = started;
  await runWeek(ops, "2026-W01", rows(0.9, 0.9, 0.9));
  expect(await alertsOf(ops)).toHaveLength(3);
  await ops.rules.putRuleDraft({ rulesYaml: rulesYaml.replace("cool_down_weeks: 2", "cool_down_weeks: 3") });
  const { activation } = await ops.rules.activateRuleDraft({ setId: "default", version: 1n, reason: "calmer" });
  expect(activation).toMatchObject({ forced: false, forecast: { raisedAtOnce: 0, mostRaised: 0, weeks: 1 } });
});

test("the forecast counts what the next run raises for renamed rules, also beside an alert that somebody works on", async () => {
  await using started = await startRuled();
  const { ops } = started;
  const scores = rows(0.9, 0.9, 0.9, 0.2);
  await runWeek(ops, "2026-W01", scores);
  const { alerts } = await ops.alerts.listAlerts({});
  const [first, second] = alerts.toSorted((a, b) => a.supplierId.localeCompare(b.supplierId));
  await ops.alerts.acknowledgeAlert({ alertId: first?.alertId ?? "", version: first?.version ?? 0n });
  const resolved = { alertId: second?.alertId ?? "", version: second?.version ?? 0n };
  await ops.alerts.resolveAlert({ ...resolved, disposition: Disposition.MITIGATED });
  await ops.rules.putRuleDraft({ rulesYaml: rulesYaml.replace("id: high-score", "id: new-score") });
  const tested = await ops.alerts.backtestRules({ draftSetId: "default", fromWeek: "2026-W01" });
  expect(tested.raisedAtOnce).toBe(3);
  expect(tested.notes).toContainEqual(
    expect.stringMatching(/^2 alerts of the next run would be about a supplier with/),
  );
  const request = { setId: "default", version: 1n, reason: "a clearer name" };
  expect(await reasonOf(ops.rules.activateRuleDraft(request))).toEqual([Code.FailedPrecondition, "RULES_OVER_BUDGET"]);
  const { activation } = await ops.rules.activateRuleDraft({ ...request, force: true });
  expect(activation).toMatchObject({ forced: true, forecast: { raisedAtOnce: 3 } });
  const [recorded] = (await ops.rules.listRuleActivations({})).activations;
  expect(recorded?.forecast?.raisedAtOnce).toBe(3);
  const run = await runWeek(ops, "2026-W02", scores);
  expect(run?.alertsRaised).toBe(3);
  expect(await alertsOf(ops)).toEqual(["S-0 high-score", "S-0 new-score", "S-1 new-score", "S-2 new-score"]);
});

test("the forecast of a new set counts the suppliers that it takes over with an alert of another set", async () => {
  await using started = await startRuled();
  const { ops } = started;
  const scores = rows(0.9, 0.9, 0.9, 0.9);
  await runWeek(ops, "2026-W01", scores);
  const region = rulesYaml
    .replace(/^id: default$/m, "id: us\napplies_to: { regions: [US] }")
    .replace("id: high-score", "id: us-score")
    .replace("id: weekly-capacity", "id: us-capacity");
  await ops.rules.putRuleDraft({ rulesYaml: region });
  const { activation } = await ops.rules.activateRuleDraft({
    setId: "us",
    version: 1n,
    reason: "own team",
    force: true,
  });
  expect(activation?.forecast).toMatchObject({ raisedAtOnce: 2 });
  const run = await runWeek(ops, "2026-W02", scores);
  expect(run?.alertsRaised).toBe(2);
  expect(await alertsOf(ops)).toEqual(["S-0 high-score", "S-1 us-score", "S-2 high-score", "S-3 us-score"]);
});

test("two services on one database evaluate the same rule sets", async () => {
  await using first = await startRuled();
  await using second = await startOps(first.databaseUrl, { alertRules: first.alertRules });
  await second.rules.putRuleDraft({ rulesYaml: rulesYaml.replace("cool_down_weeks: 2", "cool_down_weeks: 3") });
  const { activation } = await second.rules.activateRuleDraft({ setId: "default", version: 1n, reason: "calmer" });
  const runs = [await runWeek(first.ops, "2026-W01", rows(0.5)), await runWeek(second, "2026-W02", rows(0.5))];
  for (const run of runs) expect(run?.ruleSets).toMatchObject([{ setId: "default", hash: activation?.toHash }]);
  for (const ops of [first.ops, second])
    expect((await ops.rules.listRuleSets({})).ruleSets).toMatchObject([{ hash: activation?.toHash }]);
});

test("of two drafts or activations at the same time, one is stored", async () => {
  await using started = await startRuled();
  const { rules } = started.ops;
  const weeks = [1, 2, 3, 4];
  const drafted = await Promise.allSettled(
    weeks.map((week) => rules.putRuleDraft({ rulesYaml: `${rulesYaml}\n# ${week}`, version: 0n })),
  );
  expect(drafted.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const requests = weeks.map((week) => ({ setId: "default", version: 1n, reason: `reason ${week}` }));
  const activated = await Promise.allSettled(requests.map((request) => rules.activateRuleDraft(request)));
  const failed = activated.flatMap((result) =>
    result.status === "rejected" ? [failureOf(Promise.reject(result.reason))] : [],
  );
  expect(failed).toHaveLength(3);
  for (const error of await Promise.all(failed)) expect(error.code).toBe(Code.Aborted);
  expect((await rules.listRuleActivations({})).activations).toHaveLength(1);
});

test("unknown drafts, other versions, invalid and overlapping drafts are rejected with their reasons", async () => {
  await using started = await startRuled(`${rulesYaml}\nsets:${further("us", "{ regions: [US] }", 0.6)}`);
  const { rules, alerts } = started.ops;
  const activate = (setId: string, version: bigint) => rules.activateRuleDraft({ setId, version, reason: "test" });
  expect(await reasonOf(activate("default", 1n))).toEqual([Code.NotFound, "RULE_DRAFT_NOT_FOUND"]);
  expect(await reasonOf(rules.putRuleDraft({ rulesYaml: "version: 2" }))).toEqual([Code.InvalidArgument, "RULE_DRAFT"]);
  expect(await reasonOf(rules.putRuleDraft({ rulesYaml: "" }))).toEqual([Code.InvalidArgument, "INVALID_REQUEST"]);
  expect(await reasonOf(rules.putRuleDraft({ rulesYaml, version: 4n }))).toEqual([Code.Aborted, "RULE_DRAFT_CHANGED"]);
  const other = rulesYaml
    .replace("id: default", "id: other\napplies_to: { regions: [EU, US] }")
    .replace("id: high-score", "id: other-score")
    .replace("id: weekly-capacity", "id: other-capacity");
  const { ruleSet } = await rules.putRuleDraft({ rulesYaml: other });
  expect(ruleSet).toMatchObject({
    setId: "other",
    source: RuleSetSource.UNSPECIFIED,
    hash: "",
    draft: { version: 1n },
  });
  const overlap = await failureOf(activate("other", 1n));
  expect(overlap.rawMessage).toBe(
    'the rule sets "us" and "other" overlap: both apply to suppliers of the region "US" and any category; give each supplier one rule set, and each set and rule an id of its own',
  );
  expect(await reasonOf(activate("other", 2n))).toEqual([Code.Aborted, "RULE_DRAFT_CHANGED"]);
  for (const reason of ["", "  ", "two\nlines"])
    expect(await reasonOf(rules.activateRuleDraft({ setId: "other", version: 1n, reason }))).toEqual([
      ...[Code.InvalidArgument, "INVALID_REQUEST"],
    ]);
  await runWeek(started.ops, "2026-W01", rows(0.5));
  expect(await reasonOf(alerts.backtestRules({ draftSetId: "none" }))).toEqual([
    ...[Code.NotFound, "RULE_DRAFT_NOT_FOUND"],
  ]);
  expect(await reasonOf(alerts.backtestRules({ draftSetId: "other" }))).toEqual([
    ...[Code.FailedPrecondition, "RULE_SETS_CONFLICT"],
  ]);
});

test("a service whose file overlaps with an activated rule set does not start, and says why", async () => {
  await using started = await startRuled();
  const { rules } = started.ops;
  const us = rulesYaml
    .replace("id: default", "id: emea\napplies_to: { regions: [US] }")
    .replace("id: high-score", "id: emea-score")
    .replace("id: weekly-capacity", "id: emea-capacity");
  await rules.putRuleDraft({ rulesYaml: us });
  await rules.activateRuleDraft({ setId: "emea", version: 1n, reason: "own limits" });
  const yaml = `${rulesYaml}\nsets:${further("us", "{ regions: [US] }", 0.6)}`;
  const alertRules = parseAlertRules(parseYaml(yaml, "rules.yaml"));
  await expect(startOps(started.databaseUrl, { alertRules })).rejects.toThrow('the rule sets "us" and "emea" overlap');
});

test("activations are listed newest first, page by page", async () => {
  await using started = await startRuled();
  const { rules } = started.ops;
  for (let i = 0; i < 3; i++) {
    await rules.putRuleDraft({ rulesYaml: `${rulesYaml}\n# ${i}`, version: BigInt(2 * i) });
    await rules.activateRuleDraft({ setId: "default", version: BigInt(2 * i + 1), reason: `reason ${i}` });
  }
  const first = await rules.listRuleActivations({ pageSize: 2, setId: "default" });
  expect(first.activations.map(({ reason }) => reason)).toEqual(["reason 2", "reason 1"]);
  const second = await rules.listRuleActivations({
    ...{ pageSize: 2, setId: "default", pageToken: first.nextPageToken },
  });
  expect(second.activations.map(({ reason }) => reason)).toEqual(["reason 0"]);
  expect(second.nextPageToken).toBe("");
  expect((await rules.listRuleActivations({ setId: "other" })).activations).toEqual([]);
  expect(await reasonOf(rules.listRuleActivations({ pageToken: "x" }))).toEqual([Code.InvalidArgument, "PAGE_TOKEN"]);
});

/** The rules of the product for the region US, as a set that the file does not have. */
const ofUs = (yaml: string, raise = "0.70") =>
  yaml
    .replace("id: default", "id: us\napplies_to: { regions: [US] }")
    .replace("id: high-score", "id: us-score")
    .replace("id: weekly-capacity", "id: us-capacity")
    .replace("raise: 0.70", `raise: ${raise}`);

/** Adds the set of the region US with an activation. */
async function addUs({ rules }: OpsHarness, version = 0n): Promise<bigint> {
  await rules.putRuleDraft({ rulesYaml: ofUs(rulesYaml), version });
  const request = { setId: "us", version: version + 1n, reason: "own limits", force: true };
  return (await rules.activateRuleDraft(request)).activation?.number ?? 0n;
}

const ALL_STATES = [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.IN_MITIGATION, AlertState.RESOLVED];
/** Alerts of a rule in every state. */
const ofRule = async ({ alerts }: OpsHarness, ruleId: string) => {
  const { alerts: found } = await alerts.listAlerts({ states: ALL_STATES });
  return found.filter((one) => one.ruleId === ruleId);
};

test("a retired rule set is not evaluated; the next run resolves its open alerts, and alerts in work stay", async () => {
  await using started = await startRuled();
  const { ops, alertRules } = started;
  const activationNumber = await addUs(ops);
  await runWeek(ops, "2026-W01", rows(0.1, 0.9, 0.1, 0.9));
  expect(await alertsOf(ops)).toEqual(["S-1 us-score", "S-3 us-score"]);
  const [first] = await ofRule(ops, "us-score");
  await ops.alerts.acknowledgeAlert({ alertId: first?.alertId ?? "", version: first?.version ?? 0n });
  const request = { setId: "us", activationNumber, reason: " common rules again " };
  const answer = await ops.rules.retireRuleSet(request);
  expect(answer).toMatchObject({ alertsToResolve: 1, alertsToKeep: 1, nextSetId: "default" });
  expect(answer.retirement).toMatchObject({ retired: true, toHash: "", reason: "common rules again", setId: "us" });
  expect(answer.retirement?.rulesYaml).toBe(ofUs(rulesYaml));
  // The same request again, of a client that did not get the answer.
  expect(await ops.rules.retireRuleSet(request)).toEqual(answer);
  // Nothing is resolved before the run that raises the alerts of the other set.
  expect(await alertsOf(ops)).toEqual(["S-1 us-score", "S-3 us-score"]);
  const run = await runWeek(ops, "2026-W02", rows(0.1, 0.9, 0.1, 0.9));
  expect(run?.ruleSets).toMatchObject([{ setId: "default", hash: alertRules.hash }]);
  const states = (await ofRule(ops, "us-score")).map(({ state }) => state).sort();
  expect(states).toEqual([AlertState.ACKNOWLEDGED, AlertState.RESOLVED]);
  expect((await ofRule(ops, "high-score")).map(({ supplierId }) => supplierId).sort()).toEqual(["S-1", "S-3"]);
  const { records } = await ops.audit.queryEvents({ kind: "rules.retired" });
  expect(records.map(({ event }) => [event?.subject, JSON.parse(event?.payloadJson ?? "{}").reason])).toEqual([
    ["us", "common rules again"],
  ]);
  const [, us] = (await ops.rules.listRuleSets({})).ruleSets;
  expect(us).toMatchObject({ setId: "us", source: RuleSetSource.RETIRED, hash: "", inFile: false });
  expect(us?.activation).toMatchObject({ retired: true, number: answer.retirement?.number });
  const { activations } = await ops.rules.listRuleActivations({ setId: "us" });
  expect(activations.map(({ retired, reason }) => [retired, reason])).toEqual([
    [true, "common rules again"],
    [false, "own limits"],
  ]);
});

test("a retired rule set can be activated again", async () => {
  await using started = await startRuled();
  const { ops } = started;
  const activationNumber = await addUs(ops);
  await ops.rules.retireRuleSet({ setId: "us", activationNumber, reason: "common rules again" });
  await addUs(ops, 2n);
  const [, us] = (await ops.rules.listRuleSets({})).ruleSets;
  expect(us).toMatchObject({ setId: "us", source: RuleSetSource.ACTIVATION, activation: { number: 3n, fromHash: "" } });
});

test("when no rule set applies to the suppliers any more, the next run resolves the open alerts nevertheless", async () => {
  const eu = rulesYaml.replace("id: default", "id: default\napplies_to: { regions: [EU] }");
  await using started = await startRuled(eu);
  const { ops } = started;
  const activationNumber = await addUs(ops);
  await runWeek(ops, "2026-W01", rows(0.9, 0.9, 0.1, 0.9));
  expect(await alertsOf(ops)).toEqual(["S-0 high-score", "S-1 us-score", "S-3 us-score"]);
  const [first] = await ofRule(ops, "us-score");
  await ops.alerts.startMitigation({ alertId: first?.alertId ?? "", version: first?.version ?? 0n });
  const { alertsToResolve, alertsToKeep, nextSetId } = await ops.rules.retireRuleSet({
    ...{ setId: "us", activationNumber, reason: "the region is served by another team" },
  });
  expect([alertsToResolve, alertsToKeep, nextSetId]).toEqual([1, 1, ""]);
  await runWeek(ops, "2026-W02", rows(0.9, 0.9, 0.1, 0.9));
  expect(await alertsOf(ops)).toEqual(["S-0 high-score", `${first?.supplierId} us-score`]);
  const resolved = (await ofRule(ops, "us-score")).find(({ state }) => state === AlertState.RESOLVED);
  const { events } = await ops.alerts.getAlert({ alertId: resolved?.alertId ?? "" });
  expect(events.map(({ note }) => note)).toContain("The rule us-score is not in use for this supplier any more.");
});

test("a rule set of the file, an unknown one and one that was activated again cannot be retired", async () => {
  await using started = await startRuled();
  const { rules } = started.ops;
  const retire = (setId: string, activationNumber: bigint, reason = "test") =>
    rules.retireRuleSet({ setId, activationNumber, reason });
  const ofFile = await failureOf(retire("default", 1n));
  expect(ofFile.rawMessage).toBe('the rule set "default" is from config/alert_rules.yaml; remove it from the file');
  await rules.putRuleDraft({ rulesYaml: rulesYaml.replace("cool_down_weeks: 2", "cool_down_weeks: 3") });
  await rules.activateRuleDraft({ setId: "default", version: 1n, reason: "calmer" });
  expect((await rules.listRuleSets({})).ruleSets).toMatchObject([{ inFile: true, source: RuleSetSource.ACTIVATION }]);
  expect(await reasonOf(retire("default", 1n))).toEqual([Code.FailedPrecondition, "RULE_SET_OF_FILE"]);
  expect((await failureOf(retire("default", 1n))).rawMessage).toContain("the set of the file would take over again");
  expect(await reasonOf(retire("none", 1n))).toEqual([Code.NotFound, "RULE_SET_NOT_FOUND"]);
  const before = await addUs(started.ops);
  await addUs(started.ops, 2n);
  const changed = await failureOf(retire("us", before));
  expect([changed.code, changed.rawMessage]).toEqual([Code.Aborted, expect.stringContaining("number 3, by")]);
  for (const reason of ["", "\u200b", "two\nlines"])
    expect(await reasonOf(retire("us", 3n, reason))).toEqual([Code.InvalidArgument, "INVALID_REQUEST"]);
  await retire("us", 3n, "first");
  // Another reason is another request, and the set is not active any more.
  expect(await reasonOf(retire("us", 3n, "second"))).toEqual([Code.NotFound, "RULE_SET_NOT_FOUND"]);
});

test("of two retirements at the same time, one is stored", async () => {
  await using started = await startRuled();
  const activationNumber = await addUs(started.ops);
  const { rules } = started.ops;
  const results = await Promise.allSettled(
    ["a", "b", "c"].map((reason) => rules.retireRuleSet({ setId: "us", activationNumber, reason })),
  );
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect((await rules.listRuleActivations({ setId: "us" })).activations).toHaveLength(2);
});
