import type { DriftPolicy } from "@bellwether/config/risk-policy";
import type { DriftComparison } from "@bellwether/drift/compare/compare-week";
import { driftText } from "@bellwether/drift/words/drift-text";
import { countText } from "@bellwether/reasons/count-text";

/** What a week was compared with. */
export interface DriftFacts {
  /** Name of the model version. */
  readonly version: string;
  readonly policy: DriftPolicy;
  /** Whether the policy is from a file. False: it is the default policy. */
  readonly hasPolicyFile: boolean;
  readonly hasTraining: boolean;
  /** ISO week of the newest complete earlier week. Null: there is none. */
  readonly previousWeek: string | null;
  /** Whether files of that week are here. */
  readonly hasPrevious: boolean;
  /** Whether its suppliers are known, so that each is compared with itself. */
  readonly isPaired: boolean;
  /** Number of suppliers of the week, and of those that were compared. */
  readonly suppliers: number;
  readonly compared: number;
  /** Features of the week that can be compared. */
  readonly features: readonly string[];
}

/** Maximum number of alarms, and of names of features, in the notes. */
const SHOWN = 10;

/** Says what drift was found and what was not compared, one sentence each, without values of the data. */
export function driftNotes(comparisons: readonly DriftComparison[], facts: DriftFacts): string[] {
  const { previousWeek, policy, hasTraining, hasPrevious } = facts;
  const alarms = comparisons.filter(({ outcome }) => outcome === "alarm");
  const tested = comparisons.filter(({ p }) => p !== null).length;
  const references = [hasTraining && "training", hasPrevious && previousWeek].filter(Boolean).join(" and ");
  const notes: string[] = [];
  if (tested > 0)
    notes.push(
      `drift: ${alarms.length === 0 ? "no alarm" : countText(alarms.length, "alarm")} in ${countText(tested, "comparison")} with ${references}`,
    );
  for (const alarm of alarms.slice(0, SHOWN))
    notes.push(`warning: drift: ${driftText(alarm, { previousWeek: previousWeek ?? "", namesCategories: false })}`);
  if (alarms.length > SHOWN) notes.push(`warning: drift: ${countText(alarms.length - SHOWN, "more alarm")}`);
  return [...notes, ...referenceNotes(facts), ...coverageNotes(comparisons, facts, policy)];
}

function referenceNotes({ version, hasTraining, previousWeek, hasPrevious, isPaired }: DriftFacts): string[] {
  const notes: string[] = [];
  if (!hasTraining)
    notes.push(
      `no training profile: ${version || "the model"} has no distributions of its training data; ${hasPrevious ? `compared only with ${previousWeek}` : "nothing was compared"}. Import the model with --training ROWS, or train it with this release`,
    );
  if (previousWeek === null)
    notes.push(
      "drift since the previous week not measured: no earlier week of this model is complete and has its files here",
    );
  else if (!hasPrevious)
    notes.push(`drift since ${previousWeek} not measured: its snapshot and its distributions are not here`);
  else if (!isPaired)
    notes.push(`drift since ${previousWeek} measured without pairs of suppliers: its snapshot is not here`);
  return notes;
}

function coverageNotes(
  comparisons: readonly DriftComparison[],
  { suppliers, compared, features, hasTraining, hasPrevious, previousWeek, hasPolicyFile }: DriftFacts,
  policy: DriftPolicy,
): string[] {
  const notes: string[] = [];
  if (!hasPolicyFile)
    notes.push(
      "drift measured with the default limits: there is no config/risk_policy.yaml here (BELLWETHER_RISK_POLICY)",
    );
  if (compared < suppliers)
    notes.push(`drift measured on a sample of ${compared} of ${suppliers} suppliers, the same ones each week`);
  const tooFew = new Set(comparisons.filter(({ outcome }) => outcome === "too-few").map(({ feature }) => feature));
  if (tooFew.size > 0)
    notes.push(
      `drift not tested where fewer than ${policy.minRows} suppliers have a value (drift.min_rows of the risk policy): ${listed([...tooFew])}`,
    );
  for (const [reference, isThere, name] of [
    ["training", hasTraining, "training"],
    ["previous-week", hasPrevious, previousWeek],
  ] as const) {
    const known = new Set(comparisons.filter((one) => one.reference === reference).map(({ feature }) => feature));
    const others = isThere ? features.filter((feature) => !known.has(feature)) : [];
    if (others.length > 0) notes.push(`drift since ${name} not measured for ${listed(others)}: not in its data`);
  }
  const unknown = policy.moving.filter((name) => !features.includes(name));
  if (unknown.length > 0)
    notes.push(
      `drift.moving_features of the risk policy names features that this model does not have: ${listed(unknown)}`,
    );
  return notes;
}

function listed(names: readonly string[]): string {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
  return names.slice(0, SHOWN).join(", ") + more;
}
