import {
  type RuleActivation,
  type RuleSet,
  RuleSetSource,
  type RuleSummary,
} from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { countOf, timeText } from "../parts/format.ts";
import { useReader } from "../session/reader.ts";
import { RetireSet } from "./retire-set.tsx";

interface RuleSetCardProps {
  readonly set: RuleSet;
  /** Empty: the default model. */
  readonly modelName: string;
  /** Called with a sentence when the set was retired. */
  readonly onSaid: (text: string) => void;
}

/** A rule set as it is in use. */
export function RuleSetCard({ set, modelName, onSaid }: RuleSetCardProps) {
  const { setId, hash, rules, rulesYaml, weeklyBudget, activation } = set;
  const { mayAdminister } = useReader();
  if (activation?.retired)
    return (
      <section className="card" aria-labelledby="active">
        <h2 id="active">Rule set {setId}, retired</h2>
        <p>{whoText("Retired", activation)}</p>
        <p className="quiet">No alert is created by it. A draft with its rules can be activated again.</p>
      </section>
    );
  if (hash === "")
    return (
      <section className="card" aria-labelledby="active">
        <h2 id="active">Rule set {setId}</h2>
        <p className="quiet">Only a draft: no alert is created by it before it is activated.</p>
      </section>
    );
  return (
    <section className="card" aria-labelledby="active">
      <h2 id="active">Rule set {setId}, in use</h2>
      <p>{sourceText(set)}</p>
      <p>
        {scopeText(set)} Budget: {countOf(weeklyBudget, "new alert")} a week.
      </p>
      <RuleList rules={rules} />
      <details>
        <summary>The whole set as YAML</summary>
        <pre className="wide">{visibleText(rulesYaml, true)}</pre>
      </details>
      <p className="quiet">
        Hash <code className="long">{hash}</code>, which each run records.
      </p>
      {activation && !set.inFile && mayAdminister && (
        <RetireSet modelName={modelName} setId={setId} activationNumber={activation.number} onSaid={onSaid} />
      )}
    </section>
  );
}

/** Rules with what each does. */
export function RuleList({ rules }: { rules: readonly RuleSummary[] }) {
  return (
    <ul>
      {rules.map(({ ruleId, summary }) => (
        <li key={ruleId}>
          <strong>{ruleId}</strong>: {summary}
        </li>
      ))}
    </ul>
  );
}

function sourceText({ source, activation }: RuleSet): string {
  if (source !== RuleSetSource.ACTIVATION || !activation) return "From the file alert_rules.yaml of the server.";
  return whoText("Activated", activation);
}

function whoText(what: string, { actor, reason, activatedAt }: RuleActivation): string {
  return `${what} by ${visibleText(actor)} on ${timeText(activatedAt)}: ${visibleText(reason)}`;
}

function scopeText({ regions, categories }: RuleSet): string {
  if (regions.length + categories.length === 0) return "For all suppliers that no other rule set names.";
  const parts = [
    ...(regions.length > 0 ? [`regions ${regions.map((name) => visibleText(name)).join(", ")}`] : []),
    ...(categories.length > 0 ? [`categories ${categories.map((name) => visibleText(name)).join(", ")}`] : []),
  ];
  return `For suppliers of ${parts.join(" and ")}.`;
}
