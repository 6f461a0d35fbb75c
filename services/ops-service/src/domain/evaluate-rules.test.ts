import type { AlertRules } from "@bellwether/config/alert-rules";
import { expect, test } from "vitest";
import { testAlert } from "../../test/test-alert.ts";
import { type Alert, type AlertChange, isActive } from "./alert.ts";
import { type AlertRuleStore, evaluateRules } from "./evaluate-rules.ts";
import { describeRuleChanges } from "./rule-changes.ts";
import type { ScoreFacts } from "./score-rule.ts";

const RULES: AlertRules = {
  ...{ coolDownDays: 14, runsToLapse: 4 },
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

interface Given {
  /** Recent scores by supplier, the run's first. Impact: the score times 100 minus the supplier's number. */
  readonly scores: Readonly<Record<number, readonly number[]>>;
  readonly alerts?: readonly Alert[];
  readonly overtakenBy?: string;
  /** Called when the rules lock alerts, before they are returned: what other transactions did meanwhile. */
  readonly meanwhile?: (alerts: Map<string, Alert>) => void;
}

/** Evaluates the rules over data in memory. */
async function evaluate({ scores, alerts = [], overtakenBy, meanwhile = () => {} }: Given) {
  const facts = Object.entries(scores).map(([id, recent]): ScoreFacts => {
    const riskScore = recent[0] ?? 0;
    return { supplierId: Number(id), recent, riskScore, band: "high", impact: riskScore * (100 - Number(id)) };
  });
  const stored = new Map(alerts.map((alert) => [alert.id, alert]));
  const all = (): readonly Alert[] => [...stored.values()];
  const locked: string[] = [];
  let saved: readonly AlertChange[] = [];
  let ids = 0;
  const ruleStore: AlertRuleStore = {
    lockModel: async () => {},
    overtakenBy: async () => overtakenBy ?? null,
    scoresFrom: async (_run, { minScore }) =>
      facts.filter(
        ({ supplierId, riskScore }) =>
          riskScore >= minScore || all().some((alert) => alert.supplierId === supplierId && isActive(alert)),
      ),
    meanScore: async () => facts.reduce((sum, { riskScore }) => sum + riskScore, 0) / facts.length,
    async scoresByImpact(_run, { minScore, after, limit }) {
      const sorted = facts.filter((one) => one.riskScore >= minScore).sort((a, b) => b.impact - a.impact);
      const start = after ? sorted.findIndex(({ supplierId }) => supplierId === after.supplierId) + 1 : 0;
      return sorted.slice(start, start + limit);
    },
    activeAlerts: async () => all().filter(isActive),
    alertsAbout: async (_model, suppliers) => all().filter((alert) => suppliers.includes(alert.supplierId)),
    lowestSince: async () => new Map(),
    scoredIn: async () => new Set<number>(),
    weeksOf: async (runs) => new Map(runs.map((run) => [run, `2026-W0${run}`])),
    async lock(alertIds) {
      locked.push(...alertIds);
      meanwhile(stored);
      return alertIds.flatMap((id) => stored.get(id) ?? []);
    },
    async save(changes) {
      saved = changes;
    },
  };
  const run = { runId: 9, modelName: "m", now: NOW, newId: () => `new-${++ids}` };
  const outcome = await evaluateRules(ruleStore, RULES, run);
  const kindsOf = ({ alert, events }: AlertChange) =>
    `${alert.supplierId} ${alert.ruleId} ${events.map(({ kind }) => kind).join(" ") || "updated"}`;
  return { outcome, saved, locked, kinds: saved.map(kindsOf).sort() };
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

test("an alert that a person resolves meanwhile stays resolved; the supplier is in its cool-down, and others move up", async () => {
  const alerts = [capacity({ id: "one", supplierId: 1 }), capacity({ id: "two", supplierId: 2 })];
  const { kinds, locked } = await evaluate({
    scores: { 1: [0.5], 2: [0.5], 3: [0.5], 4: [0.1] },
    alerts,
    meanwhile: (stored) => {
      const [one] = alerts;
      if (one) stored.set("one", { ...one, state: "resolved", disposition: "mitigated", resolvedAt: NOW, version: 2 });
    },
  });
  expect(locked.toSorted()).toEqual(["one", "two"]);
  expect(kinds).toEqual(["2 weekly-capacity updated", "3 weekly-capacity raised"]);
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
