import { type AlertRules, ruleSetsOf } from "@bellwether/config/alert-rules";
import { ListRuleActivationsRequestSchema, type RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import type { ServiceImpl } from "@connectrpc/connect";
import { activeRuleSets, keyOf } from "../../domain/rules/active-rules.ts";
import { retireRuleSet } from "../../domain/rules/retire-rule-set.ts";
import {
  type ActivationQuery,
  type ActivationRequest,
  activateDraft,
  putDraft,
  type RuleActivation,
  type RuleDraft,
  type RuleTransaction,
} from "../../domain/rules/rule-drafts.ts";
import type { RuleFiles } from "../../domain/rules/rule-files.ts";
import type { RuleForecast } from "../../domain/rules/rule-set-error.ts";
import { activationToProto, type KnownRuleSet, ruleSetToProto } from "../messages/rule-to-proto.ts";
import { pageOf, rowFromText } from "../page-token.ts";
import { typedText } from "../typed-text.ts";

export interface RuleDependencies {
  readonly files: RuleFiles;
  /** Returns the latest activation, or the retirement, of each rule set of each model. */
  readonly readActivations: () => Promise<readonly RuleActivation[]>;
  readonly listActivations: (query: ActivationQuery, limit: number) => Promise<readonly RuleActivation[]>;
  readonly listDrafts: () => Promise<readonly RuleDraft[]>;
  readonly transact: <T>(work: (transaction: RuleTransaction) => Promise<T>) => Promise<T>;
  /** Tests a draft before it is activated: see `forecastDraft`. */
  readonly forecast: (
    file: AlertRules,
    request: ActivationRequest,
    options: { readonly actor: string; readonly signal: AbortSignal },
  ) => Promise<RuleForecast | null>;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 20;
/** Numbers of activations are positive integers of 32 bits. */
const MAX_NUMBER = 2_147_483_647;

/** Returns the handlers of RuleService. */
export function ruleHandlers(deps: RuleDependencies): ServiceImpl<typeof RuleService> {
  const { files, readActivations, listActivations, listDrafts, transact, forecast, now } = deps;
  const readSets = async (wanted: readonly AlertRules[]): Promise<readonly KnownRuleSet[]> => {
    const activations = await readActivations();
    const drafts = await listDrafts();
    return wanted.flatMap((file) => setsOf(file, activations, drafts));
  };
  const setsOf = (
    file: AlertRules,
    allActivations: readonly RuleActivation[],
    allDrafts: readonly RuleDraft[],
  ): readonly KnownRuleSet[] => {
    const modelName = files.nameOf(keyOf(file));
    const isOfModel = (one: RuleActivation | RuleDraft): boolean => one.modelName === keyOf(file);
    const drafts = new Map(allDrafts.filter(isOfModel).map((draft) => [draft.setId, draft]));
    const activations = allActivations.filter(isOfModel);
    const bySet = new Map(activations.map((one) => [one.setId, one]));
    const active = new Map(activeRuleSets(file, activations).map((one) => [one.rules.id, one]));
    const retired = activations.flatMap(({ setId, isRetired }) => (isRetired ? [setId] : []));
    const inFile = new Set(ruleSetsOf(file).map(({ id }) => id));
    // A retired set that the file has again is active, and listed once.
    return [...new Set([...active.keys(), ...retired, ...drafts.keys()])].map((setId): KnownRuleSet => {
      const known = active.get(setId);
      const isOfFile = known?.activation === null;
      return {
        ...{ modelName, setId, active: known, draft: drafts.get(setId), isInFile: inFile.has(setId) },
        activation: isOfFile ? undefined : bySet.get(setId),
      };
    });
  };
  const toProto = (activation: RuleActivation) => activationToProto(activation, files.nameOf(activation.modelName));
  return {
    async listRuleSets({ modelName }) {
      const wanted = modelName === "" ? files.all : [files.choose(modelName)];
      return { ruleSets: (await readSets(wanted)).map(ruleSetToProto) };
    },
    async putRuleDraft({ modelName, rulesYaml, version }, context) {
      const file = files.choose(modelName);
      const author = { actor: actorOf(callerOf(context)), now: now() };
      const setId = await transact((transaction) =>
        putDraft(transaction, file, { rulesYaml, version: Number(version) }, author),
      );
      const found = (await readSets([file])).find((one) => one.setId === setId);
      return { ...(found && { ruleSet: ruleSetToProto(found) }) };
    },
    async activateRuleDraft({ modelName, setId, version, reason, force }, context) {
      const file = files.choose(modelName);
      const actor = actorOf(callerOf(context));
      const request = { setId, version: Number(version), reason: typedText(reason), force };
      // Before the transaction: a test takes seconds.
      const found = await forecast(file, request, { actor, signal: context.signal });
      const activation = await transact((transaction) =>
        activateDraft(transaction, file, { ...request, forecast: found }, { actor, now: now() }),
      );
      return { activation: toProto(activation) };
    },
    async retireRuleSet({ modelName, setId, activationNumber, reason }, context) {
      const file = files.choose(modelName);
      const request = { setId, activation: Number(activationNumber), reason: typedText(reason) };
      const author = { actor: actorOf(callerOf(context)), now: now() };
      const { retirement, alerts, nextSetId } = await transact((transaction) =>
        retireRuleSet(transaction, { file, others: files.own }, request, author),
      );
      return {
        ...{ retirement: toProto(retirement), nextSetId },
        ...{ alertsToResolve: alerts.open, alertsToKeep: alerts.inWork },
      };
    },
    async listRuleActivations(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(ListRuleActivationsRequestSchema, request);
      const key = tokens.read(request.pageToken, 1);
      const before = key && rowFromText(key[0] ?? "", MAX_NUMBER);
      const modelName = request.modelName === "" ? undefined : keyOf(files.choose(request.modelName));
      const rows = await listActivations({ modelName, setId: request.setId, before }, size + 1);
      const page = pageOf(rows, size, tokens, ({ number }) => [number]);
      return { activations: page.items.map(toProto), nextPageToken: page.nextPageToken };
    },
  };
}
