import type { Alert } from "../alerts/alert.ts";
import { isActive } from "../alerts/alert.ts";
import type { ImpactFacts } from "../alerts/capacity-rule.ts";
import { isChange } from "../alerts/change-rule.ts";
import type { EvaluationStore, RunsRead } from "../alerts/evaluate-rules.ts";
import type { ScoreFacts } from "../alerts/score-rule.ts";
import type { RuleWeek } from "../scores/runs-in-a-row.ts";

/** The scores of one run, without suppliers that have none. All arrays have one element a supplier. */
export interface WeekScores {
  /** Numbers of the suppliers in the database. */
  readonly suppliers: Int32Array;
  readonly scores: Float64Array;
  readonly impacts: Float64Array;
}

/** The store of a back-test: it has the scores of the latest weeks and the alerts of the tested rules, in memory. */
export interface RuleMemory {
  readonly store: EvaluationStore;
  /** Returns the same store with the scores and alerts of some suppliers only. */
  within(isIn: (supplier: number) => boolean): EvaluationStore;
  /** Selects the run that is evaluated next. Call it for the runs in their order, oldest first. */
  begin(run: RuleWeek, scores: WeekScores): void;
  /** Ends the evaluation of the run. */
  end(): void;
  activeAlerts(): readonly Pick<Alert, "supplierId" | "ruleId">[];
}

export interface RuleMemoryOptions {
  /** Number of runs whose scores the rules need. */
  readonly runsToRead: number;
  /** Returns the ids that callers gave suppliers. */
  readonly externalIds: (suppliers: readonly number[]) => Promise<ReadonlyMap<number, string>>;
}

/** Scores by number of the supplier; NaN: no score. */
type Dense = Float64Array;

export function createRuleMemory({ runsToRead, externalIds }: RuleMemoryOptions): RuleMemory {
  const alerts = createAlertMemory();
  /** Oldest first. */
  const runs: RuleWeek[] = [];
  /** Runs with the same input count once, so the rules can need twice as many. */
  const window = 2 * runsToRead + 2;
  const dense = new Map<number, Dense>();
  /** Index of the latest run in which each supplier has a score. */
  let lastScored = new Int32Array();
  let scores: WeekScores = { suppliers: new Int32Array(), scores: new Float64Array(), impacts: new Float64Array() };

  const scoreIn = (runId: number, supplier: number): number | null => {
    const value = dense.get(runId)?.[supplier];
    return value === undefined || Number.isNaN(value) ? null : value;
  };
  const factsAt = (i: number, { inARow: [, ...earlier], previous }: RunsRead): ScoreFacts => {
    const [supplierId, riskScore] = [scores.suppliers[i] as number, scores.scores[i] as number];
    return {
      ...{ supplierId, riskScore, band: null, impact: scores.impacts[i] as number },
      recent: [riskScore, ...earlier.map((runId) => scoreIn(runId, supplierId))],
      before: previous === null ? null : scoreIn(previous, supplierId),
    };
  };
  const storeOf = (isIn: (supplier: number) => boolean): EvaluationStore => ({
    inScope: async (suppliers) => new Set(suppliers.filter(isIn)),
    lockModel: async () => {},
    overtakenBy: async () => null,
    runsOfModel: async () => runs.toReversed().map((run) => ({ ...run, isSuperseded: false })),
    async scoresFrom(_runId, { minScore, runs: read, changes }) {
      const facts: ScoreFacts[] = [];
      const before = read.inARow[1] ?? -1;
      const hasChanges = before !== -1 && changes.length > 0;
      for (let i = 0; i < scores.scores.length; i++) {
        const [supplier, score] = [scores.suppliers[i] as number, scores.scores[i] as number];
        const isWanted =
          score >= minScore ||
          alerts.isActiveAbout(supplier) ||
          (hasChanges && changes.some((change) => isChange(scoreIn(before, supplier), score, change)));
        if (isWanted && isIn(supplier)) facts.push(factsAt(i, read));
      }
      return facts;
    },
    async meanScore() {
      let [sum, count] = [0, 0];
      for (let i = 0; i < scores.scores.length; i++) {
        if (!isIn(scores.suppliers[i] as number)) continue;
        sum += scores.scores[i] as number;
        count++;
      }
      return count === 0 ? null : sum / count;
    },
    async scoresByImpact(_runId, { minScore, runs: read, after, limit }) {
      const below = after?.impact ?? Number.POSITIVE_INFINITY;
      const found = highestImpacts(scores, { minScore, below, limit, isIn });
      const facts = found.map((i) => factsAt(i, read));
      const ids = await externalIds(facts.map(({ supplierId }) => supplierId));
      return facts.map((one): ImpactFacts => ({ ...one, externalId: ids.get(one.supplierId) ?? "" }));
    },
    activeAlerts: async () => alerts.active().filter(({ supplierId }) => isIn(supplierId)),
    alertsAbout: async (_modelName, suppliers) => suppliers.filter(isIn).flatMap((supplier) => alerts.about(supplier)),
    lowestSince: async (_runId, given) => alerts.lowestSince(given),
    async scoredIn(runIds, suppliers) {
      const first = Math.min(...runIds.map((id) => runs.findIndex(({ runId }) => runId === id)));
      return new Set(suppliers.filter((supplier) => (lastScored[supplier] ?? 0) - 1 >= first));
    },
    weeksOf: async () => new Map(runs.map(({ runId, isoWeek }) => [runId, isoWeek])),
    externalIds: (suppliers) => externalIds(suppliers),
    lock: async () => [],
    recordValues: async () => {},
    async deferValues(_runId, changed) {
      for (const alert of changed) alerts.put(alert);
    },
    async save(_runId, changes) {
      for (const { alert } of changes) alerts.put(alert);
    },
  });
  return {
    store: storeOf(() => true),
    within: storeOf,
    begin(run, given) {
      runs.push(run);
      scores = given;
      let most = lastScored.length - 1;
      for (const supplier of given.suppliers) most = Math.max(most, supplier);
      const values = new Float64Array(most + 1).fill(Number.NaN);
      if (lastScored.length <= most) {
        const grown = new Int32Array(most + 1);
        grown.set(lastScored);
        lastScored = grown;
      }
      for (let i = 0; i < given.suppliers.length; i++) {
        const supplier = given.suppliers[i] as number;
        values[supplier] = given.scores[i] as number;
        // 0: in no run.
        lastScored[supplier] = runs.length;
      }
      dense.set(run.runId, values);
      const old = runs.at(-1 - window);
      if (old) dense.delete(old.runId);
    },
    end() {
      const current = runs.at(-1);
      if (current) alerts.keepLowest(current.runId, (supplier) => scoreIn(current.runId, supplier));
    },
    activeAlerts: () => alerts.active(),
  };
}

/** The alerts of a back-test. */
function createAlertMemory() {
  const bySupplier = new Map<number, Alert[]>();
  const activeIds = new Map<string, Alert>();
  const activeAbout = new Map<number, number>();
  /** By alert, the lowest score in the runs after its last one. */
  const lowest = new Map<string, number>();
  const resolved = new Map<string, Alert>();
  const count = (supplier: number, by: number): void =>
    void activeAbout.set(supplier, (activeAbout.get(supplier) ?? 0) + by);
  return {
    put(alert: Alert): void {
      const { id, supplierId } = alert;
      const known = (bySupplier.get(supplierId) ?? []).filter((one) => one.id !== id);
      bySupplier.set(supplierId, [...known, alert]);
      if (activeIds.delete(id)) count(supplierId, -1);
      lowest.delete(id);
      resolved.delete(id);
      if (!isActive(alert)) return void resolved.set(id, alert);
      activeIds.set(id, alert);
      count(supplierId, 1);
    },
    active: (): readonly Alert[] => [...activeIds.values()],
    isActiveAbout: (supplier: number): boolean => (activeAbout.get(supplier) ?? 0) > 0,
    about: (supplier: number): readonly Alert[] => bySupplier.get(supplier) ?? [],
    lowestSince(given: readonly Pick<Alert, "id">[]): ReadonlyMap<string, number> {
      const found = new Map<string, number>();
      for (const { id } of given) {
        const value = lowest.get(id);
        if (value !== undefined) found.set(id, value);
      }
      return found;
    },
    keepLowest(runId: number, scoreOf: (supplier: number) => number | null): void {
      for (const [id, { lastRunId, supplierId }] of resolved) {
        const score = lastRunId === runId ? null : scoreOf(supplierId);
        if (score !== null) lowest.set(id, Math.min(score, lowest.get(id) ?? 1));
      }
    },
  };
}

/**
 * Returns the positions of the `limit` suppliers of highest impact, and of those with the same impact as the last of
 * them, in any order.
 */
function highestImpacts(
  { suppliers, scores, impacts }: WeekScores,
  {
    minScore,
    below,
    limit,
    isIn,
  }: {
    readonly minScore: number;
    readonly below: number;
    readonly limit: number;
    readonly isIn: (supplier: number) => boolean;
  },
): readonly number[] {
  // The highest impacts in ascending order. Few of the suppliers are inserted after the first ones.
  const highest = new Float64Array(limit);
  let count = 0;
  const isCandidate = (i: number): boolean =>
    (scores[i] as number) >= minScore && (impacts[i] as number) < below && isIn(suppliers[i] as number);
  for (let i = 0; i < scores.length; i++) {
    const impact = impacts[i] as number;
    if (!isCandidate(i) || (count === limit && impact <= (highest[0] as number))) continue;
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((highest[middle] as number) < impact) low = middle + 1;
      else high = middle;
    }
    if (count < limit) {
      highest.copyWithin(low + 1, low, count);
      highest[low] = impact;
      count++;
    } else {
      highest.copyWithin(0, 1, low);
      highest[low - 1] = impact;
    }
  }
  const least = count === 0 ? Number.POSITIVE_INFINITY : (highest[0] as number);
  const found: number[] = [];
  for (let i = 0; i < scores.length; i++) if (isCandidate(i) && (impacts[i] as number) >= least) found.push(i);
  return found;
}
