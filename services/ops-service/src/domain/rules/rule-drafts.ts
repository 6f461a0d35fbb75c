import type { AlertRules } from "@bellwether/config/alert-rules";
import { FAR_OVER } from "../backtest/backtest-rules.ts";
import { type ActivatedRules, activeRuleSets, keyOf, readRuleSet, withRuleSet } from "./active-rules.ts";
import {
  RuleDraftChangedError,
  RuleDraftNotFoundError,
  type RuleForecast,
  RulesOverBudgetError,
} from "./rule-set-error.ts";

/** The draft of a rule set. */
export interface RuleDraft {
  /** Empty: the default model. */
  readonly modelName: string;
  readonly setId: string;
  /** Empty: the set has no draft; it was activated. */
  readonly rulesYaml: string;
  /** Empty: as for rulesYaml. */
  readonly hash: string;
  /** Counts the changes, from 1. */
  readonly version: number;
  readonly changedBy: string;
  readonly changedAt: Date;
}

/** An activation of a draft, or the retirement of a rule set. */
export interface RuleActivation extends ActivatedRules {
  /** Empty: the set was new. */
  readonly fromHash: string;
  /** Empty: the set was retired. */
  readonly toHash: string;
  /** Version of the draft that the caller saw. 0: the set was retired. */
  readonly draftVersion: number;
  readonly actor: string;
  readonly reason: string;
  readonly isForced: boolean;
  /** Null: there was no complete run, or the set was retired. */
  readonly forecast: RuleForecast | null;
  readonly activatedAt: Date;
}

/** Selects activations. */
export interface ActivationQuery {
  /** Undefined: of all models. Empty: of the default model. */
  readonly modelName: string | undefined;
  /** Empty: of all rule sets. */
  readonly setId: string;
  /** Number of an activation; older ones are listed. Undefined: all. */
  readonly before: number | undefined;
}

/** The models to whose runs rules apply. */
export interface ModelsOfRules {
  /** Empty: all models, except `others`. */
  readonly modelName: string;
  /** Models with rules of their own. */
  readonly others: readonly string[];
}

/** Active alerts of rules. */
export interface ActiveAlerts {
  readonly open: number;
  /** Number of alerts that somebody has acknowledged or is mitigating. */
  readonly inWork: number;
}

/** Reads and changes drafts and activations, all in one transaction. */
export interface RuleTransaction {
  /** Keeps others from changing drafts and activations until the transaction ends. */
  lock(): Promise<void>;
  /** Returns the latest activation, or the retirement, of each rule set of each model. */
  activated(): Promise<readonly RuleActivation[]>;
  /** @param modelName empty: the default model */
  draft(modelName: string, setId: string): Promise<RuleDraft | undefined>;
  writeDraft(draft: RuleDraft): Promise<void>;
  addActivation(activation: Omit<RuleActivation, "number">): Promise<RuleActivation>;
  /** Counts the active alerts of rules, by the ids of the rules. */
  countAlerts(ruleIds: readonly string[], models: ModelsOfRules): Promise<ActiveAlerts>;
  appendAudit(event: {
    readonly kind: string;
    readonly actor: string;
    readonly subject: string;
    readonly payload: object;
  }): Promise<void>;
}

/** Who changes something, and when. */
export interface Author {
  readonly actor: string;
  readonly now: Date;
}

/**
 * Creates or replaces the draft of the set that the rules name. The same request by the same person again changes
 * nothing. Returns the id of the set.
 * @param file the rules of the model
 * @throws RuleDraftError, RuleDraftChangedError
 */
export async function putDraft(
  transaction: RuleTransaction,
  file: AlertRules,
  { rulesYaml, version: seen }: { readonly rulesYaml: string; readonly version: number },
  { actor, now }: Author,
): Promise<string> {
  const { id: setId, hash } = readRuleSet(rulesYaml);
  const modelName = keyOf(file);
  await transaction.lock();
  const known = await transaction.draft(modelName, setId);
  const version = (known?.version ?? 0) + 1;
  if (known?.version !== undefined && known.version === seen + 1)
    if (known.rulesYaml === rulesYaml && known.changedBy === actor) return setId;
  if (version !== seen + 1) throw changed(setId, known);
  await transaction.writeDraft({ modelName, setId, rulesYaml, hash, version, changedBy: actor, changedAt: now });
  const payload = { ...ofModel(file), version, hash };
  await transaction.appendAudit({ kind: "rules.drafted", actor, subject: setId, payload });
  return setId;
}

/** What a person asks to activate. */
export interface ActivationRequest {
  readonly setId: string;
  readonly version: number;
  readonly reason: string;
  readonly force: boolean;
}

/** Whether rules would raise more alerts than people can examine. */
export function isFarOverBudget({ raisedAtOnce, mostRaised, weeklyBudget }: RuleForecast): boolean {
  return Math.max(raisedAtOnce, mostRaised) > FAR_OVER * weeklyBudget;
}

/**
 * Finds the activation that a request made before, for a request that is sent again. Undefined: it is not a repetition.
 */
export function findRepeated(
  activated: readonly RuleActivation[],
  file: AlertRules,
  { setId, version, reason }: ActivationRequest,
  actor: string,
): RuleActivation | undefined {
  return activated.find(
    (one) =>
      one.modelName === keyOf(file) &&
      one.setId === setId &&
      one.draftVersion === version &&
      one.actor === actor &&
      one.reason === reason,
  );
}

/** Returns a draft as the caller saw it. @throws RuleDraftNotFoundError, RuleDraftChangedError */
export function checkSeen(draft: RuleDraft | undefined, { setId, version }: ActivationRequest): RuleDraft {
  if (draft && draft.version !== version) throw changed(setId, draft);
  if (!draft || draft.rulesYaml === "") throw new RuleDraftNotFoundError(setId);
  return draft;
}

/**
 * Makes a draft the active rule set of its id.
 * @param file the rules of the model
 * @param forecast what its test found. Null: there was nothing to test it on
 * @throws RuleDraftNotFoundError, RuleDraftChangedError, RulesOverBudgetError, RuleSetsConflictError
 */
export async function activateDraft(
  transaction: RuleTransaction,
  file: AlertRules,
  { forecast, ...request }: ActivationRequest & { readonly forecast: RuleForecast | null },
  { actor, now }: Author,
): Promise<RuleActivation> {
  const { setId, reason } = request;
  await transaction.lock();
  const activated = await transaction.activated();
  const repeated = findRepeated(activated, file, request, actor);
  if (repeated) return repeated;
  const modelName = keyOf(file);
  const draft = checkSeen(await transaction.draft(modelName, setId), request);
  const isOver = forecast !== null && isFarOverBudget(forecast);
  if (isOver && !request.force) throw new RulesOverBudgetError(forecast);
  const active = activeRuleSets(file, activated);
  withRuleSet(active, readRuleSet(draft.rulesYaml));
  const fromHash = active.find(({ rules }) => rules.id === setId)?.rules.hash ?? "";
  const { rulesYaml, hash: toHash, version: draftVersion } = draft;
  const added = await transaction.addActivation({
    ...{ modelName, setId, rulesYaml, fromHash, toHash, draftVersion, actor, reason },
    ...{ isForced: isOver, forecast, activatedAt: now, isRetired: false },
  });
  const version = draftVersion + 1;
  await transaction.writeDraft({
    modelName,
    setId,
    rulesYaml: "",
    hash: "",
    version,
    changedBy: actor,
    changedAt: now,
  });
  const payload = { ...ofModel(file), activation: added.number, fromHash, toHash, reason, isForced: isOver, forecast };
  await transaction.appendAudit({ kind: "rules.activated", actor, subject: setId, payload });
  return added;
}

/** The model in an audit event. Those of the default model, and of earlier releases, have none. */
export const ofModel = ({ modelName }: AlertRules): object => (modelName === undefined ? {} : { modelName });

const changed = (setId: string, known: RuleDraft | undefined): RuleDraftChangedError =>
  new RuleDraftChangedError(setId, known ?? { version: 0, changedBy: "" });
