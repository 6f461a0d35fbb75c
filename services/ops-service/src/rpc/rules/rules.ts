import type { AlertRules } from "@bellwether/config/alert-rules";
import { trimReason } from "@bellwether/contract/reason-text";
import { ListRuleActivationsRequestSchema, type RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import type { ServiceImpl } from "@connectrpc/connect";
import { activeRuleSets } from "../../domain/rules/active-rules.ts";
import {
  type ActivationRequest,
  activateDraft,
  putDraft,
  type RuleActivation,
  type RuleDraft,
  type RuleTransaction,
} from "../../domain/rules/rule-drafts.ts";
import type { RuleForecast } from "../../domain/rules/rule-set-error.ts";
import { activationToProto, type KnownRuleSet, ruleSetToProto } from "../messages/rule-to-proto.ts";
import { pageOf, rowFromText } from "../page-token.ts";

export interface RuleDependencies {
  /** The rules of the file. */
  readonly file: AlertRules;
  /** Returns the latest activation of each rule set. */
  readonly readActivations: () => Promise<readonly RuleActivation[]>;
  readonly listActivations: (
    query: { readonly setId: string; readonly before: number | undefined },
    limit: number,
  ) => Promise<readonly RuleActivation[]>;
  readonly listDrafts: () => Promise<readonly RuleDraft[]>;
  readonly transact: <T>(work: (transaction: RuleTransaction) => Promise<T>) => Promise<T>;
  /** Tests a draft before it is activated: see `forecastDraft`. */
  readonly forecast: (
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
  const { file, readActivations, listActivations, listDrafts, transact, forecast, now } = deps;
  const readSets = async (): Promise<readonly KnownRuleSet[]> => {
    const activations = await readActivations();
    const drafts = new Map((await listDrafts()).map((draft) => [draft.setId, draft]));
    const byNumber = new Map(activations.map((one) => [one.number, one]));
    const active = activeRuleSets(file, activations).map(
      (one): KnownRuleSet => ({
        ...{ setId: one.rules.id, active: one, draft: drafts.get(one.rules.id) },
        activation: one.activation === null ? undefined : byNumber.get(one.activation),
      }),
    );
    const known = new Set(active.map(({ setId }) => setId));
    const onlyDrafts = [...drafts.values()].filter(({ setId }) => !known.has(setId));
    const inactive = onlyDrafts.map(
      (draft): KnownRuleSet => ({ setId: draft.setId, draft, active: undefined, activation: undefined }),
    );
    return [...active, ...inactive];
  };
  return {
    async listRuleSets() {
      return { ruleSets: (await readSets()).map(ruleSetToProto) };
    },
    async putRuleDraft({ rulesYaml, version }, context) {
      const author = { actor: actorOf(callerOf(context)), now: now() };
      const setId = await transact((transaction) =>
        putDraft(transaction, { rulesYaml, version: Number(version) }, author),
      );
      const found = (await readSets()).find((one) => one.setId === setId);
      return { ...(found && { ruleSet: ruleSetToProto(found) }) };
    },
    async activateRuleDraft({ setId, version, reason, force }, context) {
      const actor = actorOf(callerOf(context));
      const request = { setId, version: Number(version), reason: trimReason(reason), force };
      // Before the transaction: a test takes seconds.
      const found = await forecast(request, { actor, signal: context.signal });
      const activation = await transact((transaction) =>
        activateDraft(transaction, file, { ...request, forecast: found }, { actor, now: now() }),
      );
      return { activation: activationToProto(activation) };
    },
    async listRuleActivations(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(ListRuleActivationsRequestSchema, request);
      const key = tokens.read(request.pageToken, 1);
      const before = key && rowFromText(key[0] ?? "", MAX_NUMBER);
      const rows = await listActivations({ setId: request.setId, before }, size + 1);
      const page = pageOf(rows, size, tokens, ({ number }) => [number]);
      return { activations: page.items.map(activationToProto), nextPageToken: page.nextPageToken };
    },
  };
}
