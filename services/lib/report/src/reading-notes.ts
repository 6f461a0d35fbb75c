import { type Markup, markup } from "./markup.ts";
import { section } from "./report-tables.ts";
import type { WeeklyReport } from "./weekly-report.ts";

/** Renders what the words and figures of the report mean. */
export function readingNotes({ money_at_risk: { currency } }: WeeklyReport): Markup {
  const notes: readonly (readonly [word: string, meaning: string])[] = [
    ["Risk score", "the probability, from 0 to 1, that the supplier becomes a problem, by the model version below"],
    ["Band", "high, medium or low: the range of the risk score. Unknown: too few values of the supplier are known"],
    ["Exposure", `the money of a year that is lost if the supplier fails${currency === "" ? "" : `, in ${currency}`}`],
    ["Expected impact", "risk score × exposure × weight of the criticality"],
    ["Money at risk", "the sum of the expected impacts of the suppliers whose exposure is known"],
    ["Row", "one line of the weekly file, or one supplier that the mapping made of several tables"],
    ["Repeated row", "a row that is equal to an accepted row of the same supplier; it changes nothing"],
    [
      "Alert",
      "raised: a rule selected the supplier, for the first time or again. Cleared: no rule selects it any more. Both against the alerts before the week, so that a later revision counts what an earlier one had raised too",
    ],
    ["Drift", "a change of the distribution of a feature, since the training of the model or since the week before"],
    ["σ", "one standard deviation of the reference: a change of 0.1 σ is small, one of 1 σ moves most suppliers"],
    ["Points", "percentage points of the suppliers: from 20 % to 23 % are 3 points"],
    [
      "Probability by chance",
      "how often a change of this size is seen although nothing changed, after the correction for the number of comparisons",
    ],
    [
      "Stability index",
      "population stability index (PSI): 0 is no change; it grows with the change, and with few suppliers also by chance",
    ],
  ];
  return section(
    "What the words mean",
    markup`<dl class="words">${notes.map(([word, meaning]) => markup`<div><dt>${word}</dt><dd>${meaning}</dd></div>\n`)}</dl>\n`,
  );
}
