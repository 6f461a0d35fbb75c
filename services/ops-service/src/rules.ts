import type { AlertRules } from "@bellwether/config/alert-rules";
import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import { createBacktest } from "./backtest/run-backtest.ts";
import { type ActiveRuleSet, activeRuleSets } from "./domain/rules/active-rules.ts";
import { forecastDraft } from "./domain/rules/forecast-rules.ts";
import type { RuleFiles } from "./domain/rules/rule-files.ts";
import { type BacktestHandlers, backtestHandlers } from "./rpc/alerts/backtest.ts";
import { ruleHandlers } from "./rpc/rules/rules.ts";
import type { OutcomeSpecOf } from "./setup/read-outcome-spec.ts";
import type { Database } from "./store/database.ts";
import {
  createRuleTransaction,
  findDraft,
  listActivations,
  listDrafts,
  readActivations,
} from "./store/rules/activations.ts";
import { listScoringModels } from "./store/scores/scoring-models.ts";

export interface RulePorts {
  readonly files: RuleFiles;
  readonly outcomesOf: OutcomeSpecOf;
  readonly databaseUrl: string;
  readonly database: Database;
  readonly now: () => Date;
  readonly newId: () => string;
}

/** RuleService, and the rules that are active. */
export interface Rules {
  readonly routes: readonly Route[];
  readonly backtest: BacktestHandlers;
  /** Reads the active rule sets of a model, with the connections of the actions on alerts. */
  readonly readActive: (modelName: string) => Promise<readonly ActiveRuleSet[]>;
}

/** Starts RuleService. @throws RuleSetsConflictError when a file and the activated drafts cannot be used together */
export async function startRules(ports: RulePorts): Promise<Rules> {
  const { files, outcomesOf, databaseUrl, database, now, newId } = ports;
  const { db, inTransaction, triage } = database;
  let latest = { numbers: "", active: new Map<AlertRules, readonly ActiveRuleSet[]>() };
  const readActive = async (modelName: string): Promise<readonly ActiveRuleSet[]> => {
    const activations = await readActivations(triage.db);
    const numbers = activations.map(({ number }) => number).join();
    if (latest.numbers !== numbers) latest = { numbers, active: new Map() };
    const { active } = latest;
    const file = files.of(modelName);
    const known = active.get(file) ?? activeRuleSets(file, activations);
    active.set(file, known);
    return known;
  };
  for (const { modelName = "" } of files.all) await readActive(modelName);
  const reading = {
    ...{ files, outcomesOf, now, backtest: createBacktest(databaseUrl) },
    readActivations: () => readActivations(db),
    findDraft: (modelName: string, setId: string) => findDraft(db, modelName, setId),
    listModels: () => listScoringModels(db),
  };
  const handlers = ruleHandlers({
    ...{ files, now, readActivations: reading.readActivations },
    listActivations: (query, limit) => listActivations(db, query, limit),
    listDrafts: () => listDrafts(db),
    transact: createRuleTransaction(inTransaction, { now, newId }),
    forecast: (file, request, options) => forecastDraft(reading, file, request, options),
  });
  return { routes: [route(RuleService, handlers)], backtest: backtestHandlers(reading), readActive };
}
