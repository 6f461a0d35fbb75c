import { distributionChart } from "./bars.ts";
import { effect, probability, score } from "./figures.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import { leftOut, section, table } from "./report-tables.ts";
import type { FeatureComparison, FeatureDrift, WeeklyReport } from "./weekly-report.ts";

/** Number of comparisons whose distributions are drawn. */
const DRAWN_DISTRIBUTIONS = 24;

interface Line extends FeatureComparison {
  readonly feature: string;
  readonly unit: string;
}

/** Renders the drift: its alarms, the changes of all features, and distributions, alarms first. */
export function driftSection({ drift: listed, previous_week }: WeeklyReport): Markup {
  if (listed.count === 0)
    return section(
      "Drift",
      markup`<p class="quiet">Nothing was compared: the model has no training profile, and there is no earlier week with a profile.</p>\n`,
    );
  const lines = listed.entries.flatMap(({ feature, unit, comparisons }) =>
    comparisons.map((comparison): Line => ({ ...comparison, feature, unit })),
  );
  const alarms = lines.filter(({ outcome }) => outcome === "alarm");
  const drawn = lines.filter(({ bins }) => bins.length > 0).slice(0, DRAWN_DISTRIBUTIONS);
  const since = previous_week ?? "the week before";
  const isTrained = lines.length === 0 || lines.some(({ reference }) => reference === "training");
  return section(
    "Drift",
    isTrained ? NOTHING : markup`<p>No training profile: compared only with the week before.</p>\n`,
    table("Alarms", alarms, [
      { title: "What changed", cell: ({ text }) => text },
      { title: "Size", cell: sizeCell, isNumber: true },
      { title: "Probability by chance", cell: chanceCell, isNumber: true },
    ]),
    table("Changes of all features", listed.entries, [
      { title: "Feature", cell: ({ feature, unit }) => (unit === "" ? feature : `${feature} (${unit})`) },
      { title: "Values, since training", cell: (one) => ofEntry(one, "values", true), isNumber: true },
      { title: `Values, since ${since}`, cell: (one) => ofEntry(one, "values", false), isNumber: true },
      { title: "Missing, since training", cell: (one) => ofEntry(one, "missing", true), isNumber: true },
      { title: `Missing, since ${since}`, cell: (one) => ofEntry(one, "missing", false), isNumber: true },
      { title: `Stability index, since ${since}`, cell: ({ psi }) => score(psi), isNumber: true },
    ]),
    leftOut(listed),
    drawn.length === 0 ? NOTHING : distributions(drawn),
  );
}

function distributions(drawn: readonly Line[]): Markup {
  return markup`<h3>Distributions</h3>
<p class="quiet">Each pair of bars is the share of suppliers in a range of values: light the reference, dark this week. The limits are rounded.</p>
<div class="pairs">${drawn.map(
    ({ feature, unit, reference, text, bins }) =>
      markup`<figure>${distributionChart(`${feature}: ${reference} and this week`, bins)}<figcaption><strong>${feature}${unit === "" ? "" : ` (${unit})`}</strong>, since ${reference}: ${text}</figcaption></figure>\n`,
  )}</div>\n`;
}

const sizeCell = ({ effect: size, effect_unit: unit }: FeatureComparison): string =>
  unit === "" ? score(size) : effect(size, unit);

const chanceCell = ({ p_value: p }: FeatureComparison): string => (p === null ? "not tested" : probability(p));

/** The size of one change of a feature; a dash when it was not compared. */
function ofEntry({ comparisons }: FeatureDrift, aspect: string, isTraining: boolean): string {
  const found = comparisons.find((one) => one.aspect === aspect && (one.reference === "training") === isTraining);
  if (found === undefined) return "–";
  return `${sizeCell(found)}${found.outcome === "alarm" ? " (alarm)" : ""}`;
}
