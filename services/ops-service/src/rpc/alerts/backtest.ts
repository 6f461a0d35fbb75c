import { type AlertRules, ruleSetsOf } from "@bellwether/config/alert-rules";
import { isoWeekNumber, isoWeekOfNumber, parseIsoWeek } from "@bellwether/contract/iso-week";
import type { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { BacktestRuleSchema, BacktestRulesRequest } from "@bellwether/gen/bellwether/ops/v1/backtest_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { scopeOf } from "../../domain/alerts/evaluate-rule-sets.ts";
import type { RuleResult } from "../../domain/backtest/backtest-report.ts";
import type { BacktestTask } from "../../domain/backtest/backtest-rules.ts";
import { readRuleDraft } from "../../domain/backtest/rule-draft.ts";
import { ModelNotScoredError, QueryError } from "../../domain/ops-error.ts";
import { today } from "../../domain/outcomes/check-outcomes.ts";
import { activeRuleSets } from "../../domain/rules/active-rules.ts";
import { type ForecastPorts, testedDraft, weeklyBudgetOf } from "../../domain/rules/forecast-rules.ts";
import { chooseModel } from "../../domain/scores/choose-model.ts";

export type BacktestDependencies = ForecastPorts;

/** The RPC of AlertService that tests rules on past weeks. */
export type BacktestHandlers = Pick<ServiceImpl<typeof AlertService>, "backtestRules">;

/** Number of weeks before the last one that are tested by default, and at most. */
const DEFAULT_WEEKS_BEFORE = 52;
const MAX_WEEKS_BEFORE = 104;

/** Returns the handler of BacktestRules. */
export function backtestHandlers(deps: BacktestDependencies): BacktestHandlers {
  return {
    async backtestRules(request, { signal }) {
      const all = await deps.listModels();
      // The draft of a rule set is tested on a model to which it would apply.
      const isOfDraft = request.draftSetId !== "" && request.modelName === "";
      const models = isOfDraft ? all.filter((one) => deps.files.of(one.modelName) === deps.files.choose("")) : all;
      const modelName = chooseModel(models, request.modelName);
      const file = isOfDraft ? deps.files.choose("") : deps.files.of(modelName ?? request.modelName);
      const tested = await readTested(deps, file, request);
      if (modelName === undefined) throw new ModelNotScoredError(request.modelName, []);
      const latest = models.find((model) => model.modelName === modelName)?.latestWeek ?? "";
      const weeks = weeksOf(request, latest);
      const active = activeRuleSets(file, await deps.readActivations());
      const weeklyBudget = request.weeklyBudget || weeklyBudgetOf(active, request.draftSetId);
      const { horizonDays, completeAfterDays, definition } = deps.outcomesOf(modelName);
      const outcomes = { horizonDays, completeAfterDays, definition };
      const knownOn = today(deps.now());
      const report = await deps.backtest({ tested, modelName, ...weeks, weeklyBudget, knownOn, outcomes }, signal);
      return {
        ...{ modelName, ...weeks, weeklyBudget },
        weeks: report.weeks.map(({ isOverBudget, rules: counts, ...week }) => ({
          ...{ ...week, overBudget: isOverBudget, rules: counts.map((one) => ({ ...one })) },
        })),
        rules: report.rules.map(ruleToProto),
        weeksOverBudget: report.weeks.filter(({ isOverBudget }) => isOverBudget).length,
        raisedAtOnce: report.raisedAtOnce,
        notes: [...report.notes],
      };
    },
  };
}

/** Returns the rule sets of the request, with the suppliers to which each applies. @throws QueryError, RuleDraftError */
async function readTested(
  deps: BacktestDependencies,
  file: AlertRules,
  { rulesYaml, draftSetId }: Pick<BacktestRulesRequest, "rulesYaml" | "draftSetId">,
): Promise<BacktestTask["tested"]> {
  if ((rulesYaml === "") === (draftSetId === ""))
    throw new QueryError("rules_yaml", "or draft_set_id is needed, and not both");
  if (draftSetId !== "") return await testedDraft(deps, file, draftSetId);
  const sets = ruleSetsOf(readRuleDraft(rulesYaml));
  return sets.map((rules) => ({ rules, scope: scopeOf(rules, sets) ?? null }));
}

function ruleToProto({
  precision,
  raised,
  occurred,
  notOccurred,
  ...rule
}: RuleResult): MessageInitShape<typeof BacktestRuleSchema> {
  return {
    ...rule,
    ...{ raised: BigInt(raised), occurred: BigInt(occurred), notOccurred: BigInt(notOccurred) },
    ...(precision && { precision: precision.value, precisionLow: precision.low, precisionHigh: precision.high }),
  };
}

/** @throws IsoWeekError, QueryError */
function weeksOf({ fromWeek, toWeek }: Pick<BacktestRulesRequest, "fromWeek" | "toWeek">, latest: string) {
  const to = toWeek === "" ? latest : parseIsoWeek(toWeek);
  const last = isoWeekNumber(to);
  if (last === undefined)
    throw new QueryError("to_week", "is needed: the model has only runs of weeks that had not begun");
  const from = fromWeek === "" ? isoWeekOfNumber(last - DEFAULT_WEEKS_BEFORE) : parseIsoWeek(fromWeek);
  if (from > to) throw new QueryError("from_week", `${from} is after to_week, which is ${to}`);
  if ((isoWeekNumber(from) ?? 0) < last - MAX_WEEKS_BEFORE)
    throw new QueryError("from_week", `is more than ${MAX_WEEKS_BEFORE} weeks before to_week; test fewer weeks`);
  return { fromWeek: from, toWeek: to };
}
