import { type RuleSet, RuleSetSource, type RuleSummary } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { countOf, timeText } from "../parts/format.ts";

/** A rule set as it is in use. */
export function RuleSetCard({ set }: { set: RuleSet }) {
  const { setId, hash, rules, rulesYaml, weeklyBudget } = set;
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
  const { actor, reason, activatedAt } = activation;
  return `Activated by ${visibleText(actor)} on ${timeText(activatedAt)}: ${visibleText(reason)}`;
}

function scopeText({ regions, categories }: RuleSet): string {
  if (regions.length + categories.length === 0) return "For all suppliers that no other rule set names.";
  const parts = [
    ...(regions.length > 0 ? [`regions ${regions.map((name) => visibleText(name)).join(", ")}`] : []),
    ...(categories.length > 0 ? [`categories ${categories.map((name) => visibleText(name)).join(", ")}`] : []),
  ];
  return `For suppliers of ${parts.join(" and ")}.`;
}
