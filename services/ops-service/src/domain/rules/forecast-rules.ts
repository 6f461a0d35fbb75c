import type { AlertRules, RuleSet } from "@bellwether/config/alert-rules";
import type { OutcomeSpec } from "@bellwether/config/model-spec";
import { isoWeekNumber, isoWeekOfNumber } from "@bellwether/contract/iso-week";
import { scopeOf } from "../alerts/evaluate-rule-sets.ts";
import type { BacktestReport } from "../backtest/backtest-report.ts";
import type { BacktestTask } from "../backtest/backtest-rules.ts";
import { today } from "../outcomes/check-outcomes.ts";
import { chooseModel, type ScoringModel } from "../scores/choose-model.ts";
import { type ActiveRuleSet, activeRuleSets, keyOf, readRuleSet, withRuleSet } from "./active-rules.ts";
import { type ActivationRequest, checkSeen, findRepeated, type RuleActivation, type RuleDraft } from "./rule-drafts.ts";
import type { RuleFiles } from "./rule-files.ts";
import { RuleDraftNotFoundError, type RuleForecast } from "./rule-set-error.ts";

/** What a test of a draft reads and uses. */
export interface ForecastPorts {
  readonly files: RuleFiles;
  readonly readActivations: () => Promise<readonly RuleActivation[]>;
  /** @param modelName empty: the default model */
  readonly findDraft: (modelName: string, setId: string) => Promise<RuleDraft | undefined>;
  readonly listModels: () => Promise<readonly ScoringModel[]>;
  readonly outcomesOf: (modelName: string) => OutcomeSpec;
  readonly backtest: (task: BacktestTask, signal: AbortSignal) => Promise<BacktestReport>;
  readonly now: () => Date;
}

/** Number of weeks before the latest one on which a draft is tested. */
const WEEKS_BEFORE = 7;

/** Number of new alerts that people can examine in a week: of the active set, else of the first one. */
export function weeklyBudgetOf(active: readonly ActiveRuleSet[], setId: string): number {
  const found = active.find(({ rules }) => rules.id === setId) ?? active[0];
  return found?.rules.weeklyCapacity.suppliers ?? 0;
}

/**
 * Returns a set with the suppliers to which it would apply together with the active sets. @throws
 * RuleSetsConflictError
 */
export function testedBeside(active: readonly ActiveRuleSet[], rules: RuleSet): BacktestTask["tested"] {
  const all = withRuleSet(active, rules).map((one) => one.rules);
  return [{ rules, scope: scopeOf(rules, all) ?? null }];
}

/** Reads the draft of a set for a back-test. @throws RuleDraftNotFoundError, RuleSetsConflictError */
export async function testedDraft(
  { readActivations, findDraft }: Pick<ForecastPorts, "readActivations" | "findDraft">,
  file: AlertRules,
  setId: string,
): Promise<BacktestTask["tested"]> {
  const draft = await findDraft(keyOf(file), setId);
  if (!draft || draft.rulesYaml === "") throw new RuleDraftNotFoundError(setId);
  return testedBeside(activeRuleSets(file, await readActivations()), readRuleSet(draft.rulesYaml));
}

/**
 * Tests a draft on the latest weeks of its model before it is activated. Null: there is no complete run, or the request was answered
 * before. @throws RuleDraftNotFoundError, RuleDraftChangedError, RuleSetsConflictError
 */
export async function forecastDraft(
  ports: ForecastPorts,
  file: AlertRules,
  request: ActivationRequest,
  { actor, signal }: { readonly actor: string; readonly signal: AbortSignal },
): Promise<RuleForecast | null> {
  const { files, readActivations, findDraft, listModels, outcomesOf, backtest, now } = ports;
  const activated = await readActivations();
  if (findRepeated(activated, file, request, actor)) return null;
  const draft = checkSeen(await findDraft(keyOf(file), request.setId), request);
  const active = activeRuleSets(file, activated);
  const tested = testedBeside(active, readRuleSet(draft.rulesYaml));
  const models = (await listModels()).filter(({ modelName }) => files.of(modelName) === file);
  const modelName = chooseModel(models, "");
  const toWeek = models.find((model) => model.modelName === modelName)?.latestWeek ?? "";
  const last = isoWeekNumber(toWeek);
  if (modelName === undefined || last === undefined) return null;
  const weeklyBudget = weeklyBudgetOf(active, request.setId);
  const { horizonDays, completeAfterDays, definition } = outcomesOf(modelName);
  const outcomes = { horizonDays, completeAfterDays, definition };
  const fromWeek = isoWeekOfNumber(last - WEEKS_BEFORE);
  const task = { tested, modelName, fromWeek, toWeek, weeklyBudget, knownOn: today(now()), outcomes };
  const { weeks, raisedAtOnce } = await backtest(task, signal);
  // Not the weeks in which the rules of that time raised as many: the first week of an installation has all its alerts.
  const more = weeks.filter(({ raised, recordedRaised }) => raised > recordedRaised);
  const most = more.toSorted((a, b) => b.raised - a.raised)[0];
  return {
    ...{ raisedAtOnce, mostRaised: most?.raised ?? 0, mostRaisedWeek: most?.isoWeek ?? "" },
    ...{ weeklyBudget, modelName, weeks: weeks.length },
  };
}
