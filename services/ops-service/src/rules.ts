import type { AlertRules } from "@bellwether/config/alert-rules";
import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import { createBacktest } from "./backtest/run-backtest.ts";
import { type ActiveRuleSet, activeRuleSets } from "./domain/rules/active-rules.ts";
import { forecastDraft } from "./domain/rules/forecast-rules.ts";
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
  /** The rules of the file. */
  readonly file: AlertRules;
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
  /** Reads the active rule sets, with the connections of the actions on alerts. */
  readonly readActive: () => Promise<readonly ActiveRuleSet[]>;
}

/** Starts RuleService. @throws RuleSetsConflictError when the file and the activated drafts cannot be used together */
export async function startRules(ports: RulePorts): Promise<Rules> {
  const { file, outcomesOf, databaseUrl, database, now, newId } = ports;
  const { db, inTransaction, triage } = database;
  let latest: { readonly numbers: string; readonly active: readonly ActiveRuleSet[] } | undefined;
  const readActive = async (): Promise<readonly ActiveRuleSet[]> => {
    const activations = await readActivations(triage.db);
    const numbers = activations.map(({ number }) => number).join();
    if (latest?.numbers === numbers) return latest.active;
    const active = activeRuleSets(file, activations);
    latest = { numbers, active };
    return active;
  };
  await readActive();
  const reading = {
    ...{ file, outcomesOf, now, backtest: createBacktest(databaseUrl) },
    readActivations: () => readActivations(db),
    findDraft: (setId: string) => findDraft(db, setId),
    listModels: () => listScoringModels(db),
  };
  const handlers = ruleHandlers({
    ...{ file, now, readActivations: reading.readActivations },
    listActivations: (query, limit) => listActivations(db, query, limit),
    listDrafts: () => listDrafts(db),
    transact: createRuleTransaction(inTransaction, { now, newId }),
    forecast: (request, options) => forecastDraft(reading, request, options),
  });
  return { routes: [route(RuleService, handlers)], backtest: backtestHandlers(reading), readActive };
}
