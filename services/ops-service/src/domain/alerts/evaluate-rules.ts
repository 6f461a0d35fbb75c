import { type RuleSet, ruleIdsOf } from "@bellwether/config/alert-rules";
import type { RuleScope } from "@bellwether/config/rule-scope";
import { type RuleWeek, runsInARow, weeksSinceResolved } from "../scores/runs-in-a-row.ts";
import { type Alert, type AlertChange, type AlertDimension, isActive } from "./alert.ts";
import { capacityCandidate, compareByImpact, type ImpactFacts, lowestScore, rankByImpact } from "./capacity-rule.ts";
import { decideChangeRules, type ScoreChange } from "./change-rule.ts";
import { expiresNow, isResting } from "./cool-down.ts";
import { decideAbsent, decideAlert, decideRetired, type RuleDecision } from "./decide-alert.ts";
import {
  chooseDivided,
  type DivideChanges,
  type DividedChange,
  type ModelChange,
  movedSuppliers,
  withParts,
} from "./model-change.ts";
import { runsToRead, type ScoreFacts, scoreCandidate } from "./score-rule.ts";
import type { RunChange } from "./undo-run-change.ts";

/** The run on which the rules are evaluated, with clock and id source. */
export type RuleRun = Pick<RuleDecision, "runId" | "modelName" | "now" | "newId"> & {
  /** Set when another model version scored the week before. */
  readonly modelChange?: ModelChange & { readonly divide: DivideChanges };
  /** Lets calls run that wait for the thread. Left out: the thread has no calls. */
  readonly yieldToOthers?: () => Promise<void>;
};

/** The runs whose scores the rules read when they are evaluated on a run. */
export interface RunsRead {
  /** The run itself, then the earlier runs that form runs in a row with it, newest first. */
  readonly inARow: readonly number[];
  /** The model's complete run of the newest earlier week. Null: there is none. */
  readonly previous: number | null;
}

/** Selects suppliers of a run by any of these. */
export interface ScoresWanted {
  readonly minScore: number;
  readonly runs: RunsRead;
  /** From the run in a row before the run to the run. */
  readonly changes: readonly ScoreChange[];
  /** Suppliers with a risk that was accepted until a time after the first date, and up to the second one. */
  readonly accepted: { readonly after: Date | null; readonly upTo: Date } | null;
}

/** Suppliers to which rules apply. */
export interface SetScope {
  readonly appliesTo: RuleScope;
  /** Suppliers of these scopes are left out. */
  readonly except: readonly RuleScope[];
}

/**
 * The reads and writes of an evaluation, all in one transaction. They see only scores and alerts of the run's
 * model. The store selects rows; the rules in this folder decide.
 */
export interface AlertRuleStore {
  /** Returns the same store with the scores and alerts of these suppliers only. */
  within(scope: SetScope): AlertRuleStore;
  /** Returns those of the suppliers that the store reads. */
  inScope(supplierIds: readonly number[]): Promise<ReadonlySet<number>>;
  /** Keeps other runs of the model from evaluating the rules until the transaction ends. */
  lockModel(modelName: string): Promise<void>;
  /** Returns the latest complete week of the same model that is later than the run's week. Null: none is. */
  overtakenBy(runId: number): Promise<string | null>;
  /** Returns the model's complete and superseded runs, and the run itself, newest week first. */
  runsOfModel(runId: number): Promise<readonly (RuleWeek & { readonly isSuperseded: boolean })[]>;
  /** Returns the suppliers with a score in the run that `which` selects, or with an active alert. */
  scoresFrom(runId: number, which: ScoresWanted): Promise<ScoreFacts[]>;
  /** Returns the mean of all scores of the run. Null: it has none. */
  meanScore(runId: number): Promise<number | null>;
  /** Returns the suppliers with a score of at least `minScore` in the order of `compareByImpact`, after one of them. */
  scoresByImpact(
    runId: number,
    which: { readonly minScore: number; readonly runs: RunsRead; readonly after?: ImpactFacts; readonly limit: number },
  ): Promise<ImpactFacts[]>;
  activeAlerts(modelName: string): Promise<readonly Alert[]>;
  /**
   * Returns the alerts about these suppliers, in every state. A person may resolve or reopen an alert after
   * `activeAlerts` was read; such an alert is found here.
   */
  alertsAbout(modelName: string, supplierIds: readonly number[]): Promise<readonly Alert[]>;
  /** Returns, by alert id, the lowest score of the supplier in the runs between the alert's last run and the run. */
  lowestSince(runId: number, alerts: readonly Pick<Alert, "id" | "lastRunId">[]): Promise<ReadonlyMap<string, number>>;
  /** Returns the suppliers that have a score in at least one of the runs. */
  scoredIn(runIds: readonly number[], supplierIds: readonly number[]): Promise<ReadonlySet<number>>;
  weeksOf(runIds: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** Returns the `supplier_id` of suppliers, by their primary key in the database. */
  externalIds(supplierIds: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** Locks alerts until the transaction ends. Returns the alerts that somebody has changed since they were read. */
  lock(alertIds: readonly string[]): Promise<readonly Alert[]>;
  /**
   * Records the values that alerts have before the run writes to them, without locking them. Records of alerts that
   * `save` writes after it are replaced.
   */
  recordValues(runId: number, alerts: readonly Alert[]): Promise<void>;
  /**
   * Stores the run's values of alerts without locking them. They are written to the alerts after the transaction, in short
   * transactions, so that persons do not wait for the locks of all alerts.
   */
  deferValues(runId: number, alerts: readonly Alert[]): Promise<void>;
  /** Writes the values that complete runs of a model have stored and that are not in the alerts yet. */
  applyValues(modelName: string, now: Date): Promise<void>;
  /** Writes the changes that a run made, and records the values that the alerts had before. */
  save(runId: number, changes: readonly AlertChange[]): Promise<void>;
  /** Writes changes without a record of the values that the alerts had before. */
  write(changes: readonly AlertChange[]): Promise<void>;
  /** Restores alerts of which the run changed only values. Alerts that a later run has changed stay as they are. */
  restoreValues(runId: number): Promise<void>;
  /**
   * Locks alerts whose state or severity a run changed, in the order of their ids, and returns the changes.
   * @param page `after` empty: from the first one. `limit` null: all.
   */
  lockChanges(
    runId: number,
    page: { readonly after: string; readonly limit: number | null },
  ): Promise<readonly RunChange[]>;
  /** Deletes the records of what a run changed. */
  forgetChanges(runId: number): Promise<void>;
}

/** What an evaluation needs of the store. */
export type EvaluationStore = Omit<
  AlertRuleStore,
  "within" | "applyValues" | "write" | "restoreValues" | "lockChanges" | "forgetChanges"
>;

/** The result of an evaluation. */
export interface RulesOutcome {
  /** Number of alerts that were raised or opened again. */
  readonly alertsRaised: number;
  /** The later week that was already complete, so the rules were not evaluated. Empty: the rules were evaluated. */
  readonly overtakenBy: string;
  readonly changes: readonly AlertChange[];
}

/** Size of the first page of suppliers by impact; the next pages are twice as large. */
const FIRST_PAGE = 64;

/**
 * Evaluates the rules of a set on a published run, and closes alerts about absent suppliers and of rules that are not
 * in the set. When a later week is already complete, the rules are not evaluated: the existing alerts are based on
 * newer scores.
 *
 * People may act on alerts at the same time. So the rules first decide without locks, then lock the alerts whose
 * state or severity they would change, and decide again on the locked rows. This repeats until every alert that
 * changes is locked. Most alerts only get the values of the run, which are written after the transaction: see
 * `takeValues`.
 */
export async function evaluateRules(ruleStore: EvaluationStore, rules: RuleSet, run: RuleRun): Promise<RulesOutcome> {
  await ruleStore.lockModel(run.modelName);
  const overtakenBy = await ruleStore.overtakenBy(run.runId);
  if (overtakenBy !== null) return { alertsRaised: 0, overtakenBy, changes: [] };
  const facts = await readFacts(ruleStore, rules, run);
  const { modelChange } = run;
  // Before any alert is locked: dividing can take seconds.
  if (modelChange) {
    const moved = movedSuppliers(await decideAll(ruleStore, facts, rules, run), run.runId);
    const externalIds = await ruleStore.externalIds([...moved.keys()]);
    facts.divided = await modelChange.divide(chooseDivided(moved, externalIds));
  }
  // This takes as long as writing the values, so it is done before other callers have to wait for a lock.
  const first = await decideAll(ruleStore, facts, rules, run);
  await ruleStore.recordValues(run.runId, valuesOnly(first));
  const decided = await decideLocked(ruleStore, facts, rules, run, first);
  const written = decided.filter(isChange);
  await ruleStore.save(run.runId, written);
  await ruleStore.deferValues(run.runId, valuesOnly(decided));
  const changes = [...written, ...decided.filter((change) => !isChange(change))];
  const kinds = changes.flatMap(({ events }) => events.map(({ kind }) => kind));
  const alertsRaised = kinds.filter((kind) => kind === "raised" || kind === "reopened").length;
  return { alertsRaised, overtakenBy: "", changes };
}

/** Whether a run changes more of an alert than its values. */
const isChange = ({ isNew, events }: AlertChange): boolean => isNew || events.length > 0;

/** Returns the alerts of which a run changes only the values. */
const valuesOnly = (changes: readonly AlertChange[]): readonly Alert[] =>
  changes.flatMap((change) => (isChange(change) ? [] : [change.alert]));

/** Decides until every alert whose state or severity changes is locked. @param first decisions without locks */
async function decideLocked(
  ruleStore: EvaluationStore,
  facts: Facts,
  rules: RuleSet,
  run: RuleRun,
  first: readonly AlertChange[],
): Promise<readonly AlertChange[]> {
  const locked = new Set<string>();
  for (let changes = first; ; changes = await decideAll(ruleStore, facts, rules, run)) {
    const unlocked = changes.flatMap(({ alert, isNew, events }) =>
      isNew || events.length === 0 || locked.has(alert.id) ? [] : [alert.id],
    );
    const changed = await ruleStore.lock(unlocked);
    for (const id of unlocked) locked.add(id);
    // Usually nobody has changed these alerts, and the decisions are still valid.
    if (changed.length === 0) return changes;
    for (const alert of changed) facts.alerts.put(alert);
  }
}

/** Alerts by supplier, rule and dimension. */
interface AlertTable {
  put(alert: Alert): void;
  get(supplierId: number, ruleId: string, dimension: AlertDimension): Alert | null;
  all(): Iterable<Alert>;
}

/** What the rules know about a run. */
interface Facts {
  /** Score changes, divided into data part and model part, by supplier. */
  divided: ReadonlyMap<number, DividedChange>;
  readonly runs: RunsRead;
  readonly weeksSince: RuleDecision["weeksSince"];
  /** Suppliers that the score rule selects, that have an active alert, or that are in `byImpact`. */
  readonly scores: Map<number, ScoreFacts>;
  readonly alerts: AlertTable;
  readonly lowestSince: ReadonlyMap<string, number>;
  readonly minScore: number;
  readonly byImpact: ImpactFacts[];
  /** Whether `byImpact` contains every supplier with a score of at least `minScore`. */
  hasAllByImpact: boolean;
  /** Suppliers with an active alert and without a score in the last `runsToLapse` runs. */
  readonly gone: ReadonlySet<number>;
  readonly weeks: ReadonlyMap<number, string>;
  readonly previousRunAt: Date | null;
}

async function readFacts(ruleStore: EvaluationStore, rules: RuleSet, run: RuleRun): Promise<Facts> {
  const { runId, modelName } = run;
  const { scoreThreshold, weeklyCapacity, runsToLapse, changes, acceptanceExpiry } = rules;
  const all = await ruleStore.runsOfModel(runId);
  const isoWeek = all.find((one) => one.runId === runId)?.isoWeek ?? "";
  const upToRun = all.filter((one) => one.runId === runId || (!one.isSuperseded && one.isoWeek < isoWeek));
  const inARow = runsInARow(upToRun, rules.maxWeeksApart).map((one) => one.runId);
  const runs = { inARow: inARow.slice(0, runsToRead(rules)), previous: upToRun[1]?.runId ?? null };
  const previousMs = upToRun[1]?.completedMs ?? null;
  const previousRunAt = previousMs === null ? null : new Date(previousMs);
  const accepted = acceptanceExpiry === "raised" ? null : { after: previousRunAt, upTo: run.now };
  const which = { minScore: scoreThreshold.raise, runs, changes, accepted };
  const found = await ruleStore.scoresFrom(runId, which);
  const scores = new Map(found.map((facts) => [facts.supplierId, facts]));
  const alerts = alertTable(await ruleStore.activeAlerts(modelName));
  for (const alert of await ruleStore.alertsAbout(modelName, [...scores.keys()])) alerts.put(alert);
  const known = [...alerts.all()];
  const critical = known.filter(
    ({ state, supplierId, ruleId }) =>
      ruleId === scoreThreshold.id &&
      state === "resolved" &&
      (scores.get(supplierId)?.riskScore ?? 0) >= scoreThreshold.critical,
  );
  const lowestSince = await ruleStore.lowestSince(runId, critical);
  const absent = known.filter((alert) => isActive(alert) && !scores.has(alert.supplierId));
  const absentIds = [...new Set(absent.map(({ supplierId }) => supplierId))];
  const lapseRuns = inARow.slice(0, runsToLapse);
  const present = await ruleStore.scoredIn(lapseRuns, absentIds);
  const weeks = await ruleStore.weeksOf([...new Set(absent.map(({ lastRunId }) => lastRunId))]);
  const minScore = lowestScore(weeklyCapacity, (await ruleStore.meanScore(runId)) ?? 0);
  const gone = new Set(lapseRuns.length < runsToLapse ? [] : absentIds.filter((id) => !present.has(id)));
  const weeksSince = (alert: Alert) => weeksSinceResolved(alert, isoWeek, all);
  return {
    divided: new Map(),
    runs,
    weeksSince,
    scores,
    alerts,
    lowestSince,
    minScore,
    byImpact: [],
    hasAllByImpact: false,
    gone,
    weeks,
    previousRunAt,
  };
}

async function decideAll(
  ruleStore: EvaluationStore,
  facts: Facts,
  rules: RuleSet,
  run: RuleRun,
): Promise<readonly AlertChange[]> {
  const { scoreThreshold, weeklyCapacity, coolDownWeeks, runsToLapse: runs } = rules;
  const { weeksSince } = facts;
  const base = decisionOf(facts, rules, run);
  const byScore = await decideScoreRule(facts, rules, run);
  const changed = new Map(byScore.map(({ alert }) => [alert.supplierId, alert]));
  const scoreAlert = (supplierId: number): Alert | null => {
    const alert = changed.get(supplierId) ?? facts.alerts.get(supplierId, scoreThreshold.id, "score");
    return alert && isActive(alert) ? alert : null;
  };
  const isLeftOut = (supplierId: number): boolean => {
    if (scoreAlert(supplierId)) return true;
    const own = facts.alerts.get(supplierId, weeklyCapacity.id, "impact");
    const other = changed.get(supplierId) ?? facts.alerts.get(supplierId, scoreThreshold.id, "score");
    return [own, other].some(
      (alert) => alert !== null && isResting(alert, { now: run.now, coolDownWeeks, weeksSince }),
    );
  };
  let ranks = rankByImpact(facts.byImpact, weeklyCapacity, isLeftOut);
  while (ranks.size < weeklyCapacity.keepWithin && !facts.hasAllByImpact) {
    await readMoreByImpact(ruleStore, facts, rules, run);
    ranks = rankByImpact(facts.byImpact, weeklyCapacity, isLeftOut);
  }
  const decision = { ...base, ruleId: weeklyCapacity.id, dimension: "impact" as const };
  const byImpact = [...facts.scores.values()].flatMap((score) => {
    const { supplierId } = score;
    const alert = facts.alerts.get(supplierId, weeklyCapacity.id, "impact");
    const rank = ranks.get(supplierId) ?? null;
    if (rank === null && !(alert && isActive(alert))) return [];
    const place = { rank, scoreAlert: scoreAlert(supplierId) };
    return decideAlert(capacityCandidate(score, alert, place, weeklyCapacity), decision) ?? [];
  });
  const byChange = decideChangeRules(
    {
      ...{ scores: facts.scores.values(), scoreAlert },
      alertOf: (supplierId, ruleId) => facts.alerts.get(supplierId, ruleId, "score"),
    },
    rules.changes,
    base,
  );
  const inUse = new Set(ruleIdsOf(rules));
  const absent = [...facts.alerts.all()].flatMap((alert) => {
    if (!isActive(alert)) return [];
    if (!inUse.has(alert.ruleId)) return decideRetired(alert, run.now) ?? [];
    if (facts.scores.has(alert.supplierId)) return [];
    const lastWeek = facts.weeks.get(alert.lastRunId) ?? "";
    return decideAbsent({ alert, lastWeek, isGone: facts.gone.has(alert.supplierId) }, { runs, now: run.now }) ?? [];
  });
  const all = [...byScore, ...byImpact, ...byChange, ...absent];
  return run.modelChange ? withParts(all, run.runId, versionsOf(run.modelChange), facts.divided) : all;
}

const versionsOf = ({ beforeWeek, beforeVersion, afterVersion }: ModelChange): ModelChange => ({
  ...{ beforeWeek, beforeVersion, afterVersion },
});

const decisionOf = (
  { weeksSince, previousRunAt }: Facts,
  { coolDownWeeks, acceptanceExpiry }: RuleSet,
  run: RuleRun,
) => ({ ...run, coolDownWeeks, weeksSince, acceptanceExpiry, previousRunAt });

/** Number of suppliers that are decided before calls may run: this takes some milliseconds. */
const SUPPLIERS_PER_TURN = 500;

async function decideScoreRule(facts: Facts, rules: RuleSet, run: RuleRun): Promise<readonly AlertChange[]> {
  const rule = rules.scoreThreshold;
  const decision = { ...decisionOf(facts, rules, run), ruleId: rule.id, dimension: "score" as const };
  const changes: AlertChange[] = [];
  let ofTurn = 0;
  for (const score of facts.scores.values()) {
    if (++ofTurn % SUPPLIERS_PER_TURN === 0) await run.yieldToOthers?.();
    const alert = facts.alerts.get(score.supplierId, rule.id, "score");
    const isKnown = alert !== null && (isActive(alert) || expiresNow(alert, decision));
    if (score.riskScore < rule.raise && !isKnown) continue;
    const lowest = (alert && facts.lowestSince.get(alert.id)) ?? null;
    const change = decideAlert(scoreCandidate(score, alert, lowest, rule), decision);
    if (change) changes.push(change);
  }
  return changes;
}

/** Reads the next suppliers by impact, with their alerts. */
async function readMoreByImpact(
  ruleStore: EvaluationStore,
  facts: Facts,
  rules: RuleSet,
  { runId, modelName }: RuleRun,
): Promise<void> {
  const limit = Math.max(FIRST_PAGE, facts.byImpact.length, rules.weeklyCapacity.keepWithin);
  const after = facts.byImpact.at(-1);
  const which = { minScore: facts.minScore, runs: facts.runs, limit, ...(after && { after }) };
  const more = (await ruleStore.scoresByImpact(runId, which)).sort(compareByImpact);
  const unread = more.filter(({ supplierId }) => !facts.scores.has(supplierId));
  for (const score of more) facts.byImpact.push(score);
  for (const score of unread) facts.scores.set(score.supplierId, score);
  facts.hasAllByImpact = more.length < limit;
  const ids = unread.map(({ supplierId }) => supplierId);
  for (const alert of await ruleStore.alertsAbout(modelName, ids)) facts.alerts.put(alert);
}

function alertTable(alerts: readonly Alert[]): AlertTable {
  const keyOf = (supplierId: number, ruleId: string, dimension: AlertDimension) =>
    `${supplierId}/${dimension}/${ruleId}`;
  const byKey = new Map<string, Alert>();
  const table: AlertTable = {
    put: (alert) => void byKey.set(keyOf(alert.supplierId, alert.ruleId, alert.dimension), alert),
    get: (supplierId, ruleId, dimension) => byKey.get(keyOf(supplierId, ruleId, dimension)) ?? null,
    all: () => byKey.values(),
  };
  for (const alert of alerts) table.put(alert);
  return table;
}
