import { parseAlertRules } from "@bellwether/config/alert-rules";
import { parseYaml } from "@bellwether/config/yaml-file";
import { expect, test } from "vitest";
import {
  activateDraft,
  isFarOverBudget,
  putDraft,
  type RuleActivation,
  type RuleDraft,
  type RuleTransaction,
} from "./rule-drafts.ts";

const yaml = (raise = 0.7) => `version: 1
cool_down_weeks: 2
score_threshold: { id: s, raise: ${raise}, runs_to_raise: 2, critical: 0.85, clear: 0.6, runs_to_clear: 2 }
weekly_capacity: { id: c, suppliers: 10, min_lift: 1, keep_within: 20 }
`;
const FILE = parseAlertRules(parseYaml(yaml(), "rules.yaml"));
const NOW = new Date("2026-03-16T06:00:00Z");
const by = (actor: string) => ({ actor, now: NOW });
const FORECAST = { mostRaised: 0, mostRaisedWeek: "", weeklyBudget: 10, modelName: "m", weeks: 8 };

/** Returns the latest activation of each rule set of each model. */
function latestOfEach(activations: readonly RuleActivation[]): readonly RuleActivation[] {
  return [...new Map(activations.map((one) => [`${one.modelName}/${one.setId}`, one])).values()];
}

function createMemory() {
  const drafts = new Map<string, RuleDraft>();
  const activations: RuleActivation[] = [];
  const audit: { readonly kind: string; readonly payload: object }[] = [];
  const transaction: RuleTransaction = {
    lock: async () => {},
    activated: async () => latestOfEach(activations),
    draft: async (modelName, setId) => drafts.get(`${modelName}${setId}`),
    writeDraft: async (draft) => void drafts.set(`${draft.modelName}${draft.setId}`, draft),
    async addActivation(activation) {
      const added = { number: activations.length + 1, ...activation };
      activations.push(added);
      return added;
    },
    countAlerts: async () => ({ open: 0, inWork: 0 }),
    appendAudit: async (event) => void audit.push(event),
  };
  return { transaction, drafts, activations, audit };
}

test("a draft is stored with the version that its author saw; another version is rejected, a repetition is not", async () => {
  const { transaction, drafts, audit } = createMemory();
  expect(await putDraft(transaction, FILE, { rulesYaml: yaml(0.8), version: 0 }, by("ana"))).toBe("default");
  await putDraft(transaction, FILE, { rulesYaml: yaml(0.8), version: 0 }, by("ana"));
  expect(drafts.get("default")).toMatchObject({ version: 1, changedBy: "ana" });
  expect(audit).toHaveLength(1);
  await expect(putDraft(transaction, FILE, { rulesYaml: yaml(0.8), version: 0 }, by("bo"))).rejects.toThrow(
    'the draft of the rule set "default" was changed: it has version 1 now, by ana; read it again and decide again',
  );
  await expect(putDraft(transaction, FILE, { rulesYaml: yaml(0.81), version: 0 }, by("ana"))).rejects.toThrow(
    "version 1 now",
  );
  await expect(putDraft(transaction, FILE, { rulesYaml: yaml(0.81), version: 7 }, by("ana"))).rejects.toThrow(
    "version 1 now",
  );
  await putDraft(transaction, FILE, { rulesYaml: yaml(0.81), version: 1 }, by("bo"));
  expect(drafts.get("default")).toMatchObject({ version: 2, changedBy: "bo" });
});

const REQUEST = { setId: "default", version: 1, reason: "fewer alerts", force: false };

test("an activation records who, why and both hashes, and the version of a draft is not used again", async () => {
  const { transaction, drafts, activations, audit } = createMemory();
  await putDraft(transaction, FILE, { rulesYaml: yaml(0.8), version: 0 }, by("ana"));
  const request = { ...REQUEST, forecast: { ...FORECAST, raisedAtOnce: 50 } };
  const added = await activateDraft(transaction, FILE, request, by("bo"));
  expect(added).toMatchObject({ number: 1, actor: "bo", reason: "fewer alerts", isForced: false, fromHash: FILE.hash });
  expect(added.toHash).not.toBe(FILE.hash);
  expect(drafts.get("default")).toMatchObject({ rulesYaml: "", version: 2 });
  expect(audit.map(({ kind }) => kind)).toEqual(["rules.drafted", "rules.activated"]);
  // Sent again by the same person, and by another one.
  expect(await activateDraft(transaction, FILE, request, by("bo"))).toEqual(added);
  await expect(activateDraft(transaction, FILE, request, by("ana"))).rejects.toThrow("it has version 2 now, by bo");
  expect(activations).toHaveLength(1);
  await expect(putDraft(transaction, FILE, { rulesYaml: yaml(0.82), version: 0 }, by("ana"))).rejects.toThrow(
    "version 2 now",
  );
});

test("a draft that would raise 5,000 alerts is rejected unless it is forced", async () => {
  const { transaction, activations, drafts } = createMemory();
  await putDraft(transaction, FILE, { rulesYaml: yaml(0.8), version: 0 }, by("ana"));
  const forecast = { ...FORECAST, raisedAtOnce: 5_000 };
  await expect(activateDraft(transaction, FILE, { ...REQUEST, forecast }, by("bo"))).rejects.toThrow(
    "the draft would raise 5000 alerts in the next run, and the weekly budget is 10; change its limits, or activate it with force and say why",
  );
  expect([activations.length, drafts.get("default")?.version]).toEqual([0, 1]);
  const forced = await activateDraft(transaction, FILE, { ...REQUEST, force: true, forecast }, by("bo"));
  expect(forced).toMatchObject({ isForced: true, forecast: { raisedAtOnce: 5_000 } });
});

test("drafts and activations of two models with one set id are apart", async () => {
  const { transaction, drafts, audit } = createMemory();
  const other = { ...FILE, modelName: "delivery/" };
  await putDraft(transaction, FILE, { rulesYaml: yaml(0.8), version: 0 }, by("ana"));
  await putDraft(transaction, other, { rulesYaml: yaml(0.82), version: 0 }, by("ana"));
  const own = await activateDraft(transaction, FILE, { ...REQUEST, forecast: null }, by("bo"));
  const others = await activateDraft(transaction, other, { ...REQUEST, forecast: null }, by("bo"));
  expect([own.number, others.number, own.toHash === others.toHash, others.fromHash]).toEqual([1, 2, false, FILE.hash]);
  expect([...drafts.keys()]).toEqual(["default", "delivery/default"]);
  expect(audit.map(({ payload }) => payload)).toMatchObject([
    {},
    { modelName: "delivery/" },
    {},
    { modelName: "delivery/" },
  ]);
  expect(audit[0]?.payload).not.toHaveProperty("modelName");
});

test.each([
  [50, 50, false],
  [51, 0, true],
  [0, 51, true],
])("%i alerts at once and %i in a week are over five times a budget of 10: %s", (raisedAtOnce, mostRaised, isOver) => {
  expect(isFarOverBudget({ ...FORECAST, raisedAtOnce, mostRaised })).toBe(isOver);
});

test("a set without a draft cannot be activated", async () => {
  const { transaction } = createMemory();
  await expect(activateDraft(transaction, FILE, { ...REQUEST, forecast: null }, by("bo"))).rejects.toThrow(
    'the rule set "default" has no draft',
  );
});
