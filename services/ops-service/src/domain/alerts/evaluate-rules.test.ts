import type { RuleSet } from "@bellwether/config/alert-rules";
import { expect, test } from "vitest";
import { testAlert } from "../../../test/test-alert.ts";
import { type Alert, type AlertChange, isActive } from "./alert.ts";
import { compareByImpact, type ImpactFacts } from "./capacity-rule.ts";
import { isChange } from "./change-rule.ts";
import { type AlertRuleStore, evaluateRules } from "./evaluate-rules.ts";
import { describeRuleChanges } from "./rule-changes.ts";

const RULES: RuleSet = {
  ...{ id: "default", hash: "", appliesTo: { regions: [], categories: [] }, changes: [], acceptanceExpiry: "raised" },
  ...{ coolDownWeeks: 2, maxWeeksApart: 1, runsToLapse: 4 },
  longestDays: { snooze: 366, override: 366, accepted: 731 },
  scoreThreshold: {
    id: "high-score",
    raise: 0.7,
    runsToRaise: 2,
    critical: 0.85,
    keepCritical: 0.75,
    clear: 0.6,
    runsToClear: 2,
  },
  weeklyCapacity: { id: "weekly-capacity", suppliers: 2, minLift: 1, keepWithin: 4 },
};
const NOW = new Date("2026-03-16T06:00:00Z");
const DAY_MS = 86_400_000;

interface Given {
  /** Recent scores by supplier, the run's first. Impact: the score times 100 minus the supplier's number. */
  readonly scores: Readonly<Record<number, readonly number[]>>;
  readonly alerts?: readonly Alert[];
  readonly overtakenBy?: string;
  /** Expected impact and id of each supplier, instead of those above: equal impacts, in any order of the numbers. */
  readonly suppliers?: Readonly<Record<number, { readonly impact: number; readonly externalId: string }>>;
  /** Called when the rules lock alerts, before they are returned: what other transactions did meanwhile. */
  readonly rules?: Partial<RuleSet>;
  readonly meanwhile?: (alerts: Map<string, Alert>) => void;
}

/** Evaluates the rules over data in memory. */
async function evaluate({ scores, alerts = [], overtakenBy, suppliers = {}, meanwhile = () => {}, rules }: Given) {
  const facts = Object.entries(scores).map(([id, recent]): ImpactFacts => {
    const riskScore = recent[0] ?? 0;
    return {
      supplierId: Number(id),
      recent,
      before: recent[1] ?? null,
      riskScore,
      band: "high",
      impact: riskScore * (100 - Number(id)),
      externalId: id,
      ...suppliers[Number(id)],
    };
  });
  const stored = new Map(alerts.map((alert) => [alert.id, alert]));
  const all = (): readonly Alert[] => [...stored.values()];
  const locked: string[] = [];
  /** Ids of the alerts whose values were recorded, and how many alerts were locked then. */
  const recorded: (readonly [id: string, locked: number])[] = [];
  /** Ids of the alerts that get only the values of the run. */
  const deferred: string[] = [];
  const written = new Map<string, AlertChange>();
  let ids = 0;
  const ruleStore: AlertRuleStore = {
    within: () => ruleStore,
    inScope: async (ids) => new Set(ids),
    lockModel: async () => {},
    overtakenBy: async () => overtakenBy ?? null,
    runsOfModel: async () =>
      [9, 8, 7, 6, 5].map((runId) => ({
        ...{ runId, isoWeek: `2026-W0${runId}`, inputDigest: "", sourceDigest: "", isSuperseded: false },
        completedMs: NOW.getTime() - (9 - runId) * 7 * DAY_MS,
      })),
    scoresFrom: async (_run, { minScore, changes, accepted }) =>
      facts.filter(
        ({ supplierId, riskScore, recent: [after = null, before = null] }) =>
          riskScore >= minScore ||
          changes.some((change) => isChange(before, after, change)) ||
          (accepted !== null && all().some((alert) => alert.supplierId === supplierId && alert.acceptedUntil)) ||
          all().some((alert) => alert.supplierId === supplierId && isActive(alert)),
      ),
    meanScore: async () => facts.reduce((sum, { riskScore }) => sum + riskScore, 0) / facts.length,
    async scoresByImpact(_run, { minScore, after, limit }) {
      const sorted = facts.filter((one) => one.riskScore >= minScore).sort(compareByImpact);
      const start = after ? sorted.findIndex(({ supplierId }) => supplierId === after.supplierId) + 1 : 0;
      return sorted.slice(start, start + limit);
    },
    activeAlerts: async () => all().filter(isActive),
    alertsAbout: async (_model, suppliers) => all().filter((alert) => suppliers.includes(alert.supplierId)),
    lowestSince: async () => new Map(),
    scoredIn: async () => new Set<number>(),
    weeksOf: async (runs) => new Map(runs.map((run) => [run, `2026-W0${run}`])),
    externalIds: async () => new Map(facts.map(({ supplierId, externalId }) => [supplierId, externalId])),
    async lock(alertIds) {
      locked.push(...alertIds);
      if (alertIds.length > 0) meanwhile(stored);
      return alertIds.flatMap((id) => stored.get(id) ?? []);
    },
    async recordValues(_run, alerts) {
      recorded.push(...alerts.map(({ id }) => [id, locked.length] as const));
    },
    async deferValues(_run, alerts) {
      deferred.push(...alerts.map(({ id }) => id));
      for (const alert of alerts) written.set(alert.id, { alert, isNew: false, events: [] });
    },
    applyValues: async () => {},
    async save(_run, changes) {
      for (const change of changes) written.set(change.alert.id, change);
    },
    write: async () => {},
    restoreValues: async () => {},
    lockChanges: async () => [],
    forgetChanges: async () => {},
  };
  const run = { runId: 9, modelName: "m", now: NOW, newId: () => `new-${++ids}` };
  const outcome = await evaluateRules(ruleStore, { ...RULES, ...rules }, run);
  const kindsOf = ({ alert, events }: AlertChange) =>
    `${alert.supplierId} ${alert.ruleId} ${events.map(({ kind }) => kind).join(" ") || "updated"}`;
  const saved = [...written.values()];
  return { outcome, saved, locked, deferred, recorded, kinds: saved.map(kindsOf).sort() };
}

const capacity = (over: Partial<Alert>) => testAlert({ ruleId: "weekly-capacity", dimension: "impact", ...over });

test("the score rule has precedence, and the capacity rule selects the next suppliers by impact", async () => {
  const scores = { 1: [0.9], 2: [0.5], 3: [0.5], 4: [0.5], 5: [0.1], 6: [0.1] };
  expect((await evaluate({ scores })).kinds).toEqual([
    "1 high-score raised",
    "2 weekly-capacity raised",
    "3 weekly-capacity raised",
  ]);
});

test("of suppliers with equal impact, those with the first ids get the alerts, whatever their internal numbers are", async () => {
  const ids = ["S-1", "S-2", "S-3", "S-4"];
  const selected = async (order: readonly string[]) => {
    const numbers = order.map((_, i) => i + 1);
    const suppliers = Object.fromEntries(
      numbers.map((number, i) => [number, { impact: 50, externalId: order[i] ?? "" }]),
    );
    const scores = Object.fromEntries(numbers.map((number) => [number, [0.5]]));
    const { saved } = await evaluate({ scores, suppliers });
    return saved.map(({ alert }) => suppliers[alert.supplierId]?.externalId).sort();
  };
  for (const order of [ids, ids.toReversed(), ["S-3", "S-1", "S-4", "S-2"]])
    expect(await selected(order)).toEqual(["S-1", "S-2"]);
});

test("a capacity alert is kept within the larger number, then cleared, and replaced by an alert of the score rule", async () => {
  const scores = { 1: [0.9], 2: [0.5], 3: [0.5], 4: [0.5], 5: [0.5], 6: [0.5], 7: [0.01] };
  const alerts = [1, 5, 6].map((supplierId) => capacity({ id: `capacity-${supplierId}`, supplierId }));
  const { kinds, saved } = await evaluate({ scores, alerts });
  expect(kinds).toEqual([
    "1 high-score raised",
    "1 weekly-capacity resolved",
    "2 weekly-capacity raised",
    "3 weekly-capacity raised",
    "5 weekly-capacity updated",
    "6 weekly-capacity resolved",
  ]);
  expect(saved.find(({ alert }) => alert.id === "capacity-1")?.alert.disposition).toBe("replaced");
  expect(saved.find(({ alert }) => alert.id === "capacity-6")?.alert.disposition).toBe("cleared");
  expect(JSON.parse(describeRuleChanges(saved) ?? "{}")).toEqual({
    raised: { count: 3, ids: expect.any(Array) },
    replaced: { count: 1, ids: ["capacity-1"] },
    cleared: { count: 1, ids: ["capacity-6"] },
  });
});

test("a decision that a person makes before the alert is locked is kept, and the rules decide again on it", async () => {
  const alert = testAlert({ id: "known" });
  const { saved, locked } = await evaluate({
    scores: { 1: [0.9, 0.9], 2: [0.1, 0.1] },
    alerts: [alert],
    meanwhile: (stored) =>
      stored.set("known", { ...alert, state: "acknowledged", acknowledgedBy: "jo", owner: "jo", version: 2 }),
  });
  expect(locked).toEqual(["known"]);
  expect(saved[0]?.alert).toMatchObject({
    ...{ state: "acknowledged", owner: "jo", severity: "critical", riskScore: 0.9, version: 3 },
  });
});

test("the values before the run are recorded before any alert is locked", async () => {
  const alerts = [1, 2, 3].map((id) => testAlert({ id: `known-${id}`, supplierId: id }));
  const { kinds, recorded, locked } = await evaluate({ scores: { 1: [0.85], 2: [0.85], 3: [0.1] }, alerts });
  expect(kinds).toEqual(["1 high-score escalated", "2 high-score escalated", "3 high-score updated"]);
  expect(locked).toEqual(["known-1", "known-2"]);
  expect(recorded).toEqual([["known-3", 0]]);
});

test("alerts that get only the values of the run are not locked", async () => {
  const alerts = [capacity({ id: "one", supplierId: 1 }), capacity({ id: "two", supplierId: 2 })];
  const { kinds, locked, deferred } = await evaluate({ scores: { 1: [0.5], 2: [0.5], 3: [0.5], 4: [0.1] }, alerts });
  expect(kinds).toEqual(["1 weekly-capacity updated", "2 weekly-capacity updated"]);
  expect([locked, deferred]).toEqual([[], ["one", "two"]]);
});

test("an alert whose supplier has no score lapses, unless somebody works on it", async () => {
  const alerts = [
    testAlert({ id: "open", supplierId: 7, lastRunId: 5 }),
    testAlert({ id: "taken", supplierId: 8, lastRunId: 5, state: "in_mitigation" }),
  ];
  const { kinds, saved } = await evaluate({ scores: { 1: [0.1] }, alerts });
  expect(kinds).toContain("7 high-score resolved");
  expect(kinds.filter((kind) => kind.startsWith("8"))).toEqual([]);
  expect(saved.find(({ alert }) => alert.id === "open")?.events[0]?.note).toContain(
    "the alert's score is from 2026-W05",
  );
});

test("a run that a later week has overtaken changes nothing", async () => {
  const { outcome, saved } = await evaluate({ scores: { 1: [0.9] }, overtakenBy: "2026-W12" });
  expect([outcome.overtakenBy, outcome.alertsRaised, saved]).toEqual(["2026-W12", 0, []]);
});

const NO_CAPACITY = { ...RULES.weeklyCapacity, suppliers: 0, keepWithin: 0 };
const JUMP = { id: "jump", kind: "changes_by", limit: 0.2, runsToClear: 1 } as const;

test("a change rule raises an alert, unless the score rule has one about the supplier", async () => {
  const scores = { 1: [0.5, 0.3], 2: [0.3, 0.5], 3: [0.4, 0.3], 4: [0.9, 0.3], 5: [0.5] };
  const { kinds, saved } = await evaluate({ scores, rules: { changes: [JUMP], weeklyCapacity: NO_CAPACITY } });
  expect(kinds).toEqual(["1 jump raised", "2 jump raised", "4 high-score raised"]);
  expect(saved.find(({ alert }) => alert.supplierId === 1)?.alert).toMatchObject({
    ruleId: "jump",
    dimension: "score",
    severity: "warning",
  });
});

test("a change alert ends in the next run without the change, and is replaced by an alert of the score rule", async () => {
  const jump = (supplierId: number) => testAlert({ id: `jump-${supplierId}`, ruleId: "jump", supplierId });
  const scores = { 1: [0.5, 0.5], 2: [0.9, 0.5], 3: [0.7, 0.5] };
  const rules = { changes: [JUMP], weeklyCapacity: NO_CAPACITY };
  const { saved } = await evaluate({ scores, alerts: [jump(1), jump(2), jump(3)], rules });
  const ends = saved.filter(({ alert }) => alert.ruleId === "jump").map(({ alert }) => [alert.id, alert.disposition]);
  expect(ends.sort()).toEqual([
    ["jump-1", "cleared"],
    ["jump-2", "replaced"],
    ["jump-3", null],
  ]);
});

test("an open alert of a rule that is not in the set is resolved, also without a score", async () => {
  const alerts = [1, 2].map((supplierId) => testAlert({ id: `old-${supplierId}`, ruleId: "old", supplierId }));
  const { kinds } = await evaluate({ scores: { 1: [0.65] }, alerts, rules: { weeklyCapacity: NO_CAPACITY } });
  expect(kinds).toEqual(["1 old resolved", "2 old resolved"]);
});

test("after the date of an accepted risk, a score with which an alert stays open opens it again", async () => {
  const acceptedUntil = new Date(NOW.getTime() - DAY_MS);
  const decided = { state: "resolved", disposition: "accepted", resolvedAt: new Date(0), acceptedUntil } as const;
  const given = { scores: { 1: [0.65, 0.65] }, alerts: [testAlert({ supplierId: 1, ...decided })] };
  const rules = { weeklyCapacity: NO_CAPACITY };
  expect((await evaluate({ ...given, rules })).kinds).toEqual([]);
  const { kinds } = await evaluate({ ...given, rules: { ...rules, acceptanceExpiry: "not_cleared" } });
  expect(kinds).toEqual(["1 high-score reopened"]);
});
