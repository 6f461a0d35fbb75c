import { featureText, unitBeside } from "@bellwether/reasons/reason-text";
import { distributionChart } from "./bars.ts";
import { effect, probability, score } from "./figures.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import { psiSinceWeek } from "./psi-since-week.ts";
import { type Column, leftOut, section, table } from "./report-tables.ts";
import type { FeatureComparison, FeatureDrift, WeeklyReport } from "./weekly-report.ts";

/** Number of comparisons whose distributions are drawn. */
const DRAWN_DISTRIBUTIONS = 24;

interface Line extends FeatureComparison {
  readonly feature: string;
  readonly unit: string;
}

/** Renders the drift: its alarms, the changes of all features, and distributions, alarms first. */
export function driftSection(report: WeeklyReport): Markup {
  const { drift: listed, previous_week } = report;
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
  const since = previous_week;
  const sinceWeek: readonly Column<FeatureDrift>[] =
    since === null
      ? []
      : [
          { title: `Values, since ${since}`, cell: (one) => ofEntry(one, "values", false), isNumber: true },
          { title: `Missing, since ${since}`, cell: (one) => ofEntry(one, "missing", false), isNumber: true },
          { title: `Stability index, since ${since}`, cell: (one) => psiText(one, report), isNumber: true },
        ];
  const isTrained = lines.length === 0 || lines.some(({ reference }) => reference === "training");
  return section(
    "Drift",
    isTrained ? NOTHING : markup`<p>No training profile: compared only with the week before.</p>\n`,
    since === null ? markup`<p>First week: compared only with the training.</p>\n` : NOTHING,
    table("Alarms", alarms, [
      { title: "What changed", cell: ({ text }) => text },
      { title: "Size", cell: sizeCell, isNumber: true },
      { title: "Probability by chance", cell: chanceCell, isNumber: true },
    ]),
    table("Changes of all features", listed.entries, [
      { title: "Feature", cell: withUnit },
      { title: "Values, since training", cell: (one) => ofEntry(one, "values", true), isNumber: true },
      { title: "Missing, since training", cell: (one) => ofEntry(one, "missing", true), isNumber: true },
      ...sinceWeek,
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
      markup`<figure>${distributionChart(`${feature}: ${reference} and this week`, bins)}<figcaption><strong>${withUnit({ feature, unit })}</strong>, since ${reference}: ${text}</figcaption></figure>\n`,
  )}</div>\n`;
}

function withUnit({ feature, unit }: Pick<FeatureDrift, "feature" | "unit">): string {
  const shown = unitBeside(featureText(feature), unit);
  return shown === "" ? feature : `${feature} (${shown})`;
}

function psiText(entry: FeatureDrift, report: WeeklyReport): string {
  const psi = psiSinceWeek(entry, report);
  return psi === null ? "–" : score(psi);
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
