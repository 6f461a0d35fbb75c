import {
  type RetireRuleSetResponse,
  type RuleActivation,
  type RuleForecast,
  type RuleSet,
  RuleSetSource,
} from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { timestampDate } from "@bufbuild/protobuf/wkt";

const dateOf = (time: RuleActivation["activatedAt"]): string => (time ? timestampDate(time).toISOString() : "");
/** The first digits of a hash, as people compare them. */
const short = (hash: string): string => (hash === "" ? "nothing" : hash.slice(0, 12));

/** One line about a rule set. */
export function ruleSetLine({ setId, source, hash, regions, categories, activation, draft }: RuleSet): string {
  const isForSome = regions.length + categories.length > 0;
  const scope = [
    ...(regions.length > 0 ? [`regions ${regions.join(", ")}`] : []),
    ...(categories.length > 0 ? [`categories ${categories.join(", ")}`] : []),
  ].join(", ");
  const from =
    source === RuleSetSource.ACTIVATION || source === RuleSetSource.RETIRED
      ? `${source === RuleSetSource.RETIRED ? "retired" : "activated"} by ${activation?.actor ?? ""} on ${dateOf(activation?.activatedAt).slice(0, 10)}`
      : source === RuleSetSource.FILE
        ? "of the file"
        : "not active";
  const active = hash === "" ? [] : [isForSome ? scope : "all suppliers of no other set", `hash ${short(hash)}`];
  const drafted = draft && draft.rulesYaml !== "" ? [`draft version ${draft.version} by ${draft.changedBy}`] : [];
  return `${setId}: ${[from, ...active, ...drafted].join("; ")}`;
}

/** A rule set with its rules and its draft. */
export function ruleSetLines(set: RuleSet): readonly string[] {
  const { rules, weeklyBudget, hash, draft } = set;
  const ofDraft = draft?.rules.map(({ ruleId, summary }) => `  ${ruleId}: ${summary}`) ?? [];
  return [
    ruleSetLine(set),
    ...rules.map(({ ruleId, summary }) => `  ${ruleId}: ${summary}`),
    ...(hash === "" ? [] : [`  budget: ${countText(weeklyBudget, "new alert")} a week`]),
    ...(ofDraft.length > 0 ? [`draft, version ${draft?.version}, hash ${short(draft?.hash ?? "")}`, ...ofDraft] : []),
  ];
}

/** A rule set as JSON. */
export function ruleSetJson(set: RuleSet) {
  const { modelName, setId, source, hash, rulesYaml, rules, regions, categories, weeklyBudget, activation, draft } =
    set;
  return {
    ...{ model: modelName, set_id: setId, source: SOURCES[source], in_file: set.inFile },
    ...{ hash: hash || null, regions, categories },
    weekly_budget: hash === "" ? null : weeklyBudget,
    rules: rules.map(({ ruleId, summary }) => ({ rule_id: ruleId, summary })),
    rules_yaml: rulesYaml || null,
    activation: activation ? activationJson(activation) : null,
    draft: draft
      ? {
          ...{ version: Number(draft.version), hash: draft.hash || null, rules_yaml: draft.rulesYaml || null },
          ...{ changed_by: draft.changedBy, changed_at: dateOf(draft.changedAt) },
        }
      : null,
  };
}

const SOURCES: Readonly<Record<RuleSetSource, string | null>> = {
  [RuleSetSource.UNSPECIFIED]: null,
  [RuleSetSource.FILE]: "file",
  [RuleSetSource.ACTIVATION]: "activation",
  [RuleSetSource.RETIRED]: "retired",
};

/** One line about an activation or a retirement. @param withModel whether the line names the model */
export function activationLine(activation: RuleActivation, withModel = false): string {
  const { number, modelName, setId, actor, reason, fromHash, toHash, activatedAt, forced, forecast } = activation;
  const found = forecast ? `; ${forecastText(forecast)}` : "";
  const how = `${forced ? ", forced" : ""}${activation.retired ? ", retired" : ""}`;
  return `${number}  ${dateOf(activatedAt)}  ${withModel ? `${modelName} ` : ""}${setId}  ${short(fromHash)} → ${short(toHash)}  ${actor}${how}: ${reason}${found}`;
}

/** What the test of a draft found. */
export function forecastText({ raisedAtOnce, mostRaised, mostRaisedWeek, weeklyBudget }: RuleForecast): string {
  const most = mostRaised === 0 ? "" : `, at most ${mostRaised} in a week (${mostRaisedWeek})`;
  return `${countText(raisedAtOnce, "alert")} expected at once${most}, budget ${weeklyBudget} a week`;
}

/** What follows from a retirement. */
export function retirementLines({
  retirement,
  alertsToResolve,
  alertsToKeep,
  nextSetId,
}: RetireRuleSetResponse): readonly string[] {
  if (!retirement) throw new Error("ops-service did not return the retirement");
  return [
    activationLine(retirement),
    `the next run does not use these rules; it resolves ${countText(alertsToResolve, "open alert")} of the set`,
    ...(alertsToKeep > 0 ? [`${countText(alertsToKeep, "alert")} in work: each stays until a person resolves it`] : []),
    nextSetId === ""
      ? "no rule set applies to the suppliers of the set any more"
      : `the rule set ${nextSetId} applies to the suppliers of the set`,
  ];
}

/** A retirement as JSON. */
export function retirementJson({ retirement, alertsToResolve, alertsToKeep, nextSetId }: RetireRuleSetResponse) {
  if (!retirement) throw new Error("ops-service did not return the retirement");
  return {
    ...{ retirement: activationJson(retirement), alerts_to_resolve: alertsToResolve, alerts_to_keep: alertsToKeep },
    next_set_id: nextSetId || null,
  };
}

/** An activation or a retirement as JSON. */
export function activationJson(activation: RuleActivation) {
  const { number, modelName, setId, actor, reason, fromHash, toHash, activatedAt, forced, forecast, rulesYaml } =
    activation;
  return {
    ...{ number: Number(number), model: modelName, set_id: setId, actor, reason },
    ...{ forced, retired: activation.retired },
    ...{ from_hash: fromHash || null, to_hash: toHash || null, activated_at: dateOf(activatedAt) },
    forecast: forecast
      ? {
          ...{ raised_at_once: forecast.raisedAtOnce, most_raised: forecast.mostRaised },
          ...{ most_raised_week: forecast.mostRaisedWeek || null, weekly_budget: forecast.weeklyBudget },
          ...{ model: forecast.modelName, weeks: forecast.weeks },
        }
      : null,
    rules_yaml: rulesYaml,
  };
}
