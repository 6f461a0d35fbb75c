import { count, countChange, counted, minute, money, percent, score } from "./figures.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import { section } from "./report-tables.ts";
import type { ReportedRevision, WeeklyReport } from "./weekly-report.ts";

/** Renders the title, with the model, the times and the week that this one is compared with. */
export function heading(report: WeeklyReport): Markup {
  const { iso_week, revision, model, as_of, previous_week, completed_at, overtaken_by, revision_changes } = report;
  const compared =
    previous_week === null ? "There is no earlier week to compare with." : `Compared with ${previous_week}.`;
  const overtaken =
    overtaken_by === null
      ? NOTHING
      : markup`<p class="failed">${overtaken_by} was complete before: the alert rules were not evaluated.</p>`;
  return markup`<h1>Weekly report ${iso_week}</h1>
<p class="quiet">Model ${model.name} ${model.version}, revision ${revision} of the week, complete at ${minute(completed_at)}${as_of === null ? "" : `, data of ${as_of}`}. ${compared}</p>
${overtaken}${revision_changes ? revisionText(revision_changes) : NOTHING}`;
}

function revisionText(changes: ReportedRevision): Markup {
  return markup`<p>This revision replaced a complete run of the week. Against it, ${count(changes.scores_changed)} of ${count(changes.suppliers)} scores changed (by at most ${score(changes.max_score_change)}), ${count(changes.bands_changed)} bands; ${count(changes.suppliers_added)} suppliers added, ${count(changes.suppliers_removed)} removed; alerts: ${count(changes.alerts_raised)} raised, ${count(changes.alerts_cleared)} cleared, ${count(changes.alerts_changed)} with another severity.</p>\n`;
}

/** Renders the figures that a reader wants first. */
export function atAGlance(report: WeeklyReport): Markup {
  const { counts, money_at_risk: spend, previous_week: before, alerts, checks, drift, approved } = report;
  const high = report.bands.find(({ band }) => band === "high");
  const failed = checks.filter(({ outcome }) => outcome === "failed").length;
  const alarms = drift.entries.flatMap(({ comparisons }) => comparisons).filter(({ outcome }) => outcome === "alarm");
  const facts: (readonly [name: string, value: string, more: string])[] = [
    ["Suppliers with a score", count(counts.scored), ""],
    [
      "Suppliers of the band high",
      count(high?.suppliers ?? 0),
      since(before, high?.previous_suppliers ?? null, (earlier) => countChange((high?.suppliers ?? 0) - earlier)),
    ],
    [
      "Money at risk per year",
      money(spend.amount, spend.currency),
      since(before, spend.previous_amount, (earlier) => `${countChange(spend.amount - earlier)} ${spend.currency}`),
    ],
    [
      "Alerts",
      `${count(alerts.raised.count)} raised in the week, ${count(alerts.cleared.count)} cleared`,
      alerts.active === null ? "" : `${count(alerts.active)} active after the run`,
    ],
    [
      "Rejected rows",
      count(counts.rejected + counts.repeated),
      counts.read > 0 ? `${percent((counts.rejected + counts.repeated) / counts.read)} of the rows read` : "",
    ],
    [
      "Checks of the input",
      failed === 0 ? "none failed" : `${count(failed)} failed`,
      failed > 0 && approved !== null ? `approved by ${approved.actor || "somebody"}` : "",
    ],
    [
      "Drift",
      drift.count === 0 ? "not compared" : alarms.length === 0 ? "no alarm" : counted(alarms.length, "alarm"),
      "",
    ],
  ];
  return section(
    "At a glance",
    markup`<dl class="glance">${facts.map(
      ([name, value, more]) =>
        markup`<div><dt>${name}</dt><dd><strong>${value}</strong>${more === "" ? NOTHING : markup` <small>${more}</small>`}</dd></div>\n`,
    )}</dl>\n`,
  );
}

/** Says a change since the week before; nothing when there is none, or it is not known. */
const since = (week: string | null, earlier: number | null, changeOf: (earlier: number) => string): string =>
  week === null || earlier === null ? "" : `${changeOf(earlier).trim()} since ${week}`;
