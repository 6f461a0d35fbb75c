import { type AlertRules, ruleIdsOf, ruleSetsOf } from "@bellwether/config/alert-rules";
import { isForTheRest } from "@bellwether/config/rule-scope";
import { activeRuleSets, keyOf, readRuleSet } from "./active-rules.ts";
import { type ActiveAlerts, type Author, ofModel, type RuleActivation, type RuleTransaction } from "./rule-drafts.ts";
import { RuleSetChangedError, RuleSetNotFoundError, RuleSetOfFileError } from "./rule-set-error.ts";

/** What a person asks to retire. */
export interface RetirementRequest {
  readonly setId: string;
  /** Number of the activation that the person saw. */
  readonly activation: number;
  readonly reason: string;
}

/** The rules of a model, and which other models have rules of their own. */
export interface OwnRules {
  readonly file: AlertRules;
  readonly others: readonly string[];
}

/** A retired rule set, and what follows. */
export interface Retirement {
  readonly retirement: RuleActivation;
  /** The active alerts of its rules: the next run resolves the open ones. */
  readonly alerts: ActiveAlerts;
  /** Id of the set that applies to the suppliers from the next run on. Empty: none does. */
  readonly nextSetId: string;
}

/**
 * Retires a rule set that an activation has added, from the next run on. The same request by the same person again changes
 * nothing. @throws RuleSetNotFoundError, RuleSetChangedError, RuleSetOfFileError, RuleSetsConflictError
 */
export async function retireRuleSet(
  transaction: RuleTransaction,
  { file, others }: OwnRules,
  request: RetirementRequest,
  author: Author,
): Promise<Retirement> {
  const { setId } = request;
  const modelName = keyOf(file);
  await transaction.lock();
  const activated = (await transaction.activated()).filter((one) => one.modelName === modelName);
  const latest = activated.find((one) => one.setId === setId);
  const retirement = isRepeated(latest, request, author)
    ? latest
    : await retire(transaction, file, checkRetirable(file, latest, request), request.reason, author);
  const rest = activeRuleSets(
    file,
    activated.filter((one) => one.setId !== setId),
  );
  return {
    retirement,
    alerts: await transaction.countAlerts(ruleIdsOf(readRuleSet(retirement.rulesYaml)), { modelName, others }),
    nextSetId: rest.find(({ rules }) => isForTheRest(rules.appliesTo))?.rules.id ?? "",
  };
}

function isRepeated(
  latest: RuleActivation | undefined,
  { activation, reason }: RetirementRequest,
  { actor }: Author,
): latest is RuleActivation {
  return latest?.isRetired === true && latest.number > activation && latest.actor === actor && latest.reason === reason;
}

function checkRetirable(
  file: AlertRules,
  latest: RuleActivation | undefined,
  { setId, activation }: RetirementRequest,
): RuleActivation {
  const isActivated = latest !== undefined && !latest.isRetired;
  if (ruleSetsOf(file).some(({ id }) => id === setId)) throw new RuleSetOfFileError(setId, isActivated);
  if (!isActivated) throw new RuleSetNotFoundError(setId);
  if (latest.number !== activation) throw new RuleSetChangedError(setId, latest);
  return latest;
}

async function retire(
  transaction: RuleTransaction,
  file: AlertRules,
  { modelName, setId, rulesYaml, toHash: fromHash }: RuleActivation,
  reason: string,
  { actor, now }: Author,
): Promise<RuleActivation> {
  const added = await transaction.addActivation({
    ...{ modelName, setId, rulesYaml, fromHash, toHash: "", draftVersion: 0, actor, reason },
    ...{ isForced: false, forecast: null, activatedAt: now, isRetired: true },
  });
  const payload = { ...ofModel(file), activation: added.number, fromHash, reason };
  await transaction.appendAudit({ kind: "rules.retired", actor, subject: setId, payload });
  return added;
}
