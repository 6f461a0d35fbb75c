import { type RuleSet, ruleIdsOf } from "@bellwether/config/alert-rules";
import type { OutcomeSpec } from "@bellwether/config/model-spec";
import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { wilsonInterval } from "@bellwether/drift/significance/wilson-interval";
import { countText } from "@bellwether/reasons/count-text";
import type { AlertChange } from "../alerts/alert.ts";
import { evaluateRules, type SetScope } from "../alerts/evaluate-rules.ts";
import { runsToRead } from "../alerts/score-rule.ts";
import { absenceFrom, type LabelSources, outcomesSaid } from "../outcomes/label-week.ts";
import { dayNumber } from "../outcomes/measure-performance.ts";
import type { RuleWeek } from "../scores/runs-in-a-row.ts";
import type { BacktestReport, RuleResult, WeekResult, WeekRule } from "./backtest-report.ts";
import { countNextRun } from "./raised-at-once.ts";
import { type RecordedAlerts, type RecordedEvent, recordedAlerts } from "./recorded-alerts.ts";
import { createRuleMemory, type WeekScores } from "./rule-memory.ts";

/** What is tested. */
export interface BacktestTask {
  /** Rule sets with the suppliers to which each applies. Null: all suppliers. */
  readonly tested: readonly { readonly rules: RuleSet; readonly scope: SetScope | null }[];
  readonly modelName: string;
  readonly fromWeek: string;
  readonly toWeek: string;
  readonly weeklyBudget: number;
  /** The day on which outcomes had to be known, ISO date. */
  readonly knownOn: string;
  readonly outcomes: OutcomeSpec;
}

/** A complete run of the model with stored scores. */
export type BacktestRun = RuleWeek & { readonly completedMs: number };

/** Reads what a back-test needs. */
export interface BacktestReader {
  /**
   * Complete runs up to `toWeek`, oldest first: the runs from `fromWeek` on, and up to `earlier` runs before
   * `fromWeek`. `leftOut`: number of weeks whose scores are no longer stored.
   */
  runs(
    task: BacktestTask,
    earlier: number,
  ): Promise<{ readonly runs: readonly BacktestRun[]; readonly leftOut: number }>;
  scores(runId: number): Promise<WeekScores>;
  suppliersIn(scope: SetScope): Promise<ReadonlySet<number>>;
  sources(task: BacktestTask, runs: readonly BacktestRun[]): Promise<LabelSources>;
  /** Reads what happened to the alerts of the model, each alert's events in their order. */
  alertEvents(task: BacktestTask): Promise<readonly RecordedEvent[]>;
  externalIds(suppliers: readonly number[]): Promise<ReadonlyMap<number, string>>;
}

/** Runs before the first week that are evaluated too, so that alerts of earlier weeks are not new in it. */
const EARLIER_RUNS = 8;
/** Runs whose scores are read ahead. */
const READ_AHEAD = 2;
/** A back-test ends early when its rules have raised more alerts: nobody could work with such rules. */
const MAX_RAISED = 100_000;
/** From this multiple of the budget on, a rule has a note, and a draft is not activated without force. */
export const FAR_OVER = 5;
const DAY_MS = 86_400_000;

/**
 * Evaluates rules week by week as runs do, and compares what they would have raised with decisions and outcomes. Writes
 * nothing. Alerts end when their rule ends them: what people would have done is not known.
 */
export async function backtestRules(task: BacktestTask, reader: BacktestReader): Promise<BacktestReport> {
  const { tested, modelName, fromWeek } = task;
  const { runs, leftOut } = await reader.runs(task, EARLIER_RUNS);
  const sources = await reader.sources(task, runs);
  const recorded = recordedAlerts(await reader.alertEvents(task), runs);
  const runsNeeded = Math.max(...tested.map(({ rules }) => runsToRead(rules)));
  const memory = createRuleMemory({ runsToRead: runsNeeded, externalIds: reader.externalIds });
  const evaluated = await Promise.all(
    tested.map(async ({ rules, scope }) => {
      const members = scope && (await reader.suppliersIn(scope));
      return { rules, store: members ? memory.within((supplier) => members.has(supplier)) : memory.store };
    }),
  );
  const ahead = readAhead(runs, (run) => reader.scores(run.runId));
  const tally = createTally(task, sources, recorded);
  let ids = 0;
  let raised = 0;
  let endedIn = "";
  let latest: { readonly isoWeek: string; readonly active: ReturnType<typeof memory.activeAlerts> } | undefined;
  for (const run of runs) {
    const scores = await ahead.next();
    const now = new Date((dayNumber(isoWeekEnd(run.isoWeek)) + 1) * DAY_MS);
    // Runs of past weeks can have been made on one day: for the cool-down, each week is complete at its end.
    memory.begin({ ...run, completedMs: now.getTime() }, scores);
    const newId = (): string => String(ids++);
    const fired: AlertChange[] = [];
    for (const { rules, store } of evaluated) {
      const { changes } = await evaluateRules(store, rules, { runId: run.runId, modelName, now, newId });
      for (const change of changes) if (isRaised(change)) fired.push(change);
    }
    memory.end();
    raised += fired.length;
    const active = memory.activeAlerts();
    if (run.isoWeek >= fromWeek) tally.add(run, { scored: scores.scores.length, active: active.length, fired });
    latest = { isoWeek: run.isoWeek, active };
    if (raised <= MAX_RAISED) continue;
    endedIn = run.isoWeek;
    break;
  }
  await ahead.end();
  const { weeks, results } = tally.finish();
  const { isoWeek = "", active = [] } = latest ?? {};
  const sets = tested.map(({ rules }) => rules);
  const { raisedAtOnce, ofOtherRules } = countNextRun(active, isoWeek, sets, recorded);
  const notes = notesOf(task, { weeks, results, leftOut, endedIn, ofOtherRules });
  return { weeks, rules: results, raisedAtOnce, notes };
}

const isRaised = ({ events }: AlertChange): boolean =>
  events.some(({ kind }) => kind === "raised" || kind === "reopened");

/** Reads the scores of runs in their order, some ahead of the evaluation. */
function readAhead<Run>(runs: readonly Run[], read: (run: Run) => Promise<WeekScores>) {
  const reading: Promise<WeekScores>[] = [];
  const left = runs.values();
  const start = (): void => {
    const { value, done } = left.next();
    if (done) return;
    const scores = read(value);
    // An error is thrown where the scores are used.
    scores.catch(() => {});
    reading.push(scores);
  };
  for (let i = 0; i < READ_AHEAD; i++) start();
  return {
    async next(): Promise<WeekScores> {
      const scores = await reading.shift();
      if (!scores) throw new Error("more runs were evaluated than read");
      start();
      return scores;
    },
    async end(): Promise<void> {
      await Promise.allSettled(reading);
    },
  };
}

interface FiredWeek {
  readonly scored: number;
  readonly active: number;
  readonly fired: readonly AlertChange[];
}

/** Counts, and whether the risk of each alert is known to have occurred. */
interface RuleTally {
  raised: number;
  occurred: number;
  notOccurred: number;
  readonly suppliers: Set<number>;
  mostRaised: number;
  mostRaisedWeek: string;
}

function createTally(task: BacktestTask, sources: LabelSources, recorded: RecordedAlerts) {
  const { tested, outcomes, weeklyBudget } = task;
  const labelRules = { ...outcomes, knownOn: dayNumber(task.knownOn) };
  const ruleIds = tested.flatMap(({ rules }) => ruleIdsOf(rules));
  const tallies = new Map<string, RuleTally>(
    ruleIds.map((id) => [
      id,
      { raised: 0, occurred: 0, notOccurred: 0, suppliers: new Set(), mostRaised: 0, mostRaisedWeek: "" },
    ]),
  );
  const weeks: WeekResult[] = [];
  const countRule = (ruleId: string, isoWeek: string, { fired }: FiredWeek): WeekRule => {
    const end = dayNumber(isoWeekEnd(isoWeek));
    const absence = absenceFrom(end, labelRules);
    const count = { raised: 0, recorded: 0, decidedReal: 0, decidedNotReal: 0, occurred: 0, notOccurred: 0 };
    const tally = tallies.get(ruleId);
    for (const { alert } of fired) {
      if (alert.ruleId !== ruleId) continue;
      const said = outcomesSaid(alert.supplierId, { isoWeek, end, isReviewed: false }, sources, labelRules);
      const decision = said.find(({ origin }) => origin === "disposition");
      const outcome =
        said.find(({ origin }) => origin !== "disposition")?.occurred ?? (absence === null ? null : false);
      count.raised++;
      if (recorded.wasActive(alert.supplierId, isoWeek)) count.recorded++;
      if (decision) count[decision.occurred ? "decidedReal" : "decidedNotReal"]++;
      if (outcome !== null) count[outcome ? "occurred" : "notOccurred"]++;
      const label = said[0]?.occurred ?? outcome;
      if (tally && label !== null) tally[label ? "occurred" : "notOccurred"]++;
      tally?.suppliers.add(alert.supplierId);
    }
    if (tally) {
      tally.raised += count.raised;
      if (count.raised > tally.mostRaised) [tally.mostRaised, tally.mostRaisedWeek] = [count.raised, isoWeek];
    }
    return { ruleId, ...count };
  };
  return {
    add({ isoWeek, runId }: BacktestRun, week: FiredWeek): void {
      const { scored, active, fired } = week;
      const isOverBudget = fired.length > weeklyBudget;
      const counts = ruleIds.map((id) => countRule(id, isoWeek, week));
      const recordedRaised = recorded.raisedIn(runId);
      weeks.push({ isoWeek, runId, scored, active, recordedRaised, isOverBudget, raised: fired.length, rules: counts });
    },
    finish: () => ({ weeks, results: [...tallies].map(([ruleId, tally]) => resultOf(ruleId, tally)) }),
  };
}

function resultOf(ruleId: string, { suppliers, ...tally }: RuleTally): RuleResult {
  const known = tally.occurred + tally.notOccurred;
  const precision = known === 0 ? null : { value: tally.occurred / known, ...wilsonInterval(tally.occurred, known) };
  return { ruleId, ...tally, suppliers: suppliers.size, precision };
}

function notesOf(
  { weeklyBudget, fromWeek, toWeek, modelName }: BacktestTask,
  found: {
    readonly weeks: readonly WeekResult[];
    readonly results: readonly RuleResult[];
    readonly leftOut: number;
    readonly endedIn: string;
    readonly ofOtherRules: number;
  },
): readonly string[] {
  const { weeks, results, leftOut, endedIn, ofOtherRules } = found;
  const far = results.filter(({ mostRaised }) => mostRaised > FAR_OVER * weeklyBudget);
  const overBudget = weeks.filter(({ isOverBudget }) => isOverBudget).length;
  return [
    ...far.map(
      ({ ruleId, mostRaised, mostRaisedWeek }) =>
        `The rule ${ruleId} would raise ${countText(mostRaised, "alert")} in ${mostRaisedWeek} alone, ${timesBudget(mostRaised, weeklyBudget)}.`,
    ),
    ...(overBudget > 0
      ? [
          `${overBudget} of ${countText(weeks.length, "week")} would be over the budget of ${countText(weeklyBudget, "new alert")} a week.`,
        ]
      : []),
    ...(ofOtherRules > 0
      ? [
          `${countText(ofOtherRules, "alert")} of the next run would be about a supplier with an active alert of a rule that these rules do not have: ` +
            "the run resolves such an alert if it is open, and keeps it beside the new one if somebody is working on it.",
        ]
      : []),
    ...(endedIn === ""
      ? []
      : [`The back-test ended in ${endedIn}: the rules had raised more than ${countText(MAX_RAISED, "alert")}.`]),
    ...(weeks.length === 0
      ? [`${modelName} has no complete week with stored scores from ${fromWeek} to ${toWeek}.`]
      : []),
    ...(leftOut > 0
      ? [
          `${countText(leftOut, "week")} left out: the retention has removed the scores (retention.score_weeks in risk_policy.yaml).`,
        ]
      : []),
    ...(weeks.length > 0 && results.every(({ precision }) => precision === null)
      ? ["No outcome and no decision is known about the suppliers, so there is no precision."]
      : []),
  ];
}

const timesBudget = (raised: number, budget: number): string =>
  budget === 0 ? "and the weekly budget is 0" : `${Math.floor(raised / budget)} times the weekly budget of ${budget}`;
