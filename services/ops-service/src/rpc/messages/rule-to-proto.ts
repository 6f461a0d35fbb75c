import { ruleSetYaml } from "@bellwether/config/rule-set-yaml";
import {
  type RuleActivationSchema,
  type RuleDraftSchema,
  type RuleSetSchema,
  RuleSetSource,
} from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type ActiveRuleSet, readRuleSet } from "../../domain/rules/active-rules.ts";
import { describeRules } from "../../domain/rules/describe-rules.ts";
import type { RuleActivation, RuleDraft } from "../../domain/rules/rule-drafts.ts";

/** What the service knows of a rule set. */
export interface KnownRuleSet {
  readonly modelName: string;
  readonly setId: string;
  /** Undefined: the set is only a draft, or it was retired. */
  readonly active: ActiveRuleSet | undefined;
  /** The activation, or the retirement. Undefined: the active set is that of the file, or the set is only a draft. */
  readonly activation: RuleActivation | undefined;
  readonly draft: RuleDraft | undefined;
  readonly isInFile: boolean;
}

/** Converts a rule set. */
export function ruleSetToProto({
  modelName,
  setId,
  active,
  activation,
  draft,
  isInFile,
}: KnownRuleSet): MessageInitShape<typeof RuleSetSchema> {
  return {
    ...{ modelName, setId, inFile: isInFile },
    ...(activation?.isRetired && { source: RuleSetSource.RETIRED }),
    ...(active && activeToProto(active)),
    ...(activation && { activation: activationToProto(activation, modelName) }),
    ...(draft && { draft: draftToProto(draft) }),
  };
}

function activeToProto({ rules, activation }: ActiveRuleSet) {
  return {
    source: activation === null ? RuleSetSource.FILE : RuleSetSource.ACTIVATION,
    ...{ hash: rules.hash, rulesYaml: ruleSetYaml(rules), rules: [...describeRules(rules)] },
    ...{ regions: [...rules.appliesTo.regions], categories: [...rules.appliesTo.categories] },
    weeklyBudget: rules.weeklyCapacity.suppliers,
    ...{ alertThreshold: rules.scoreThreshold.raise, clearThreshold: rules.scoreThreshold.clear },
  };
}

function draftToProto(draft: RuleDraft): MessageInitShape<typeof RuleDraftSchema> {
  const { rulesYaml, hash, version, changedBy, changedAt } = draft;
  const rules = rulesYaml === "" ? [] : describeRules(readRuleSet(rulesYaml));
  return {
    ...{ rulesYaml, hash, version: BigInt(version), changedBy, rules: [...rules] },
    changedAt: timestampFromDate(changedAt),
  };
}

/** Converts an activation or a retirement. @param modelName name of its model */
export function activationToProto(
  activation: RuleActivation,
  modelName: string,
): MessageInitShape<typeof RuleActivationSchema> {
  const { number, setId, fromHash, toHash, actor, reason, activatedAt, isForced, forecast, rulesYaml } = activation;
  return {
    ...{ number: BigInt(number), setId, fromHash, toHash, actor, reason, forced: isForced, rulesYaml },
    ...{ modelName, retired: activation.isRetired },
    activatedAt: timestampFromDate(activatedAt),
    ...(forecast && { forecast }),
  };
}
