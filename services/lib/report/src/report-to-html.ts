import { CHECK_NAMES } from "@bellwether/plausibility/check";
import { barChart, distributionChart } from "./bars.ts";
import { change, count, minute, money, score } from "./figures.ts";
import { type Markup, markup, NOTHING, trustedMarkup } from "./markup.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { leftOut, section, table } from "./report-tables.ts";
import type {
  Listed,
  ReportedAlert,
  ReportedMover,
  ReportedRevision,
  SpendGroup,
  WeeklyReport,
} from "./weekly-report.ts";

/** Number of comparisons whose distributions are drawn. */
const DRAWN_DISTRIBUTIONS = 24;
/** Number of regions or categories that are drawn. */
const DRAWN_GROUPS = 12;

/**
 * Renders the report as one page of HTML that loads nothing and runs nothing: inline SVG, a style for paper, all texts
 * escaped. The same report gives the same bytes.
 */
export function reportToHtml(report: WeeklyReport): string {
  const title = `Weekly report ${report.iso_week}, ${report.model.name}`;
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${heading(report)}${counts(report)}${checks(report)}${risk(report)}${movers(report)}${alerts(report)}${drift(report)}${rejected(report)}${origin(report)}</main>
</body>
</html>
`;
  return page.text;
}

const STYLE = trustedMarkup(PAGE_STYLE);

function heading(report: WeeklyReport): Markup {
  const { iso_week, revision, model, as_of, previous_week, completed_at, overtaken_by } = report;
  const compared =
    previous_week === null ? "There is no earlier week to compare with." : `Compared with ${previous_week}.`;
  const overtaken =
    overtaken_by === null
      ? NOTHING
      : markup`<p class="failed">${overtaken_by} was complete before: the alert rules were not evaluated.</p>`;
  const revised = report.revision_changes ? revisionText(report.revision_changes) : NOTHING;
  return markup`<h1>Weekly report ${iso_week}</h1>
<p class="quiet">Model ${model.name} ${model.version}, revision ${revision}, complete at ${minute(completed_at)}${as_of === null ? "" : `, data of ${as_of}`}. ${compared}</p>
${overtaken}${revised}`;
}

function revisionText(changes: ReportedRevision): Markup {
  return markup`<p>This revision replaced a complete run of the week. Against it, ${count(changes.scores_changed)} of ${count(changes.suppliers)} scores changed (by at most ${score(changes.max_score_change)}), ${count(changes.bands_changed)} bands; ${count(changes.suppliers_added)} suppliers added, ${count(changes.suppliers_removed)} removed; alerts: ${count(changes.alerts_raised)} raised, ${count(changes.alerts_cleared)} cleared, ${count(changes.alerts_changed)} with another severity.</p>\n`;
}

function counts({ counts: rows, sources, objects = [] }: WeeklyReport): Markup {
  return section(
    "Rows",
    markup`<p>${count(rows.read)} read = ${count(rows.scored)} scored + ${count(rows.rejected)} rejected + ${count(rows.repeated)} repeated.</p>\n`,
    table("Files", sources, [
      { title: "File", cell: ({ file }) => file },
      { title: "Source", cell: ({ source }) => source },
      { title: "Accepted rows", cell: ({ rows: accepted }) => count(accepted), isNumber: true },
      { title: "Rejected", cell: ({ rejected: bad }) => count(bad), isNumber: true },
    ]),
    objects.length === 0
      ? NOTHING
      : table("Objects", objects, [
          { title: "Object", cell: ({ url }) => url },
          { title: "Entity tag", cell: ({ etag }) => markup`<code>${etag}</code>` },
          { title: "Bytes", cell: ({ bytes }) => count(bytes), isNumber: true },
        ]),
  );
}

const OUTCOMES = { passed: "passed", failed: "failed", not_possible: "not possible" } as const;

function checks({ checks: all, approved }: WeeklyReport): Markup {
  const decision =
    approved === null
      ? NOTHING
      : markup`<p>Approved by ${approved.actor || "unknown"}${approved.decided_at === null ? "" : ` at ${minute(approved.decided_at)}`}: “${approved.reason}”</p>\n`;
  return section(
    "Checks of the input",
    decision,
    table(
      "Checks before the scoring",
      all,
      [
        { title: "Check", cell: ({ kind }) => CHECK_NAMES[kind] },
        { title: "Column", cell: ({ column }) => column },
        {
          title: "Result",
          cell: ({ outcome }) =>
            outcome === "failed" ? markup`<span class="failed">failed</span>` : OUTCOMES[outcome],
        },
        { title: "Figures", cell: ({ detail }) => detail },
      ],
      "not recorded.",
    ),
  );
}

function risk({ bands, money_at_risk: total, regions, categories }: WeeklyReport): Markup {
  const { currency, amount, previous_amount, suppliers_without_exposure: without } = total;
  const before = previous_amount === null ? "" : `, ${money(previous_amount, currency)} in the week before`;
  return section(
    "Spend at risk",
    markup`<p>${money(amount, currency)} at risk${before}. ${count(without)} suppliers with a score have no known exposure and are not included.</p>\n`,
    table("Suppliers by band", bands, [
      { title: "Band", cell: ({ band }) => band },
      { title: "Suppliers", cell: ({ suppliers }) => count(suppliers), isNumber: true },
      {
        title: "Week before",
        cell: ({ previous_suppliers: earlier }) => (earlier === null ? "" : count(earlier)),
        isNumber: true,
      },
    ]),
    groups("Region", regions, currency),
    groups("Category", categories, currency),
  );
}

function groups(title: string, listed: Listed<SpendGroup>, currency: string): Markup {
  const bars = listed.entries.slice(0, DRAWN_GROUPS).map(({ name, money_at_risk: value }) => {
    return { label: name || "not known", value, text: money(value, currency) };
  });
  return markup`<h3>By ${title.toLowerCase()}</h3>
${barChart(`Spend at risk by ${title.toLowerCase()}`, bars)}
${table(`Spend at risk by ${title.toLowerCase()}`, listed.entries, [
  { title, cell: ({ name }) => name || "not known" },
  { title: "Suppliers", cell: ({ suppliers }) => count(suppliers), isNumber: true },
  { title: "High", cell: ({ high }) => count(high), isNumber: true },
  { title: "Exposure", cell: ({ exposure }) => money(exposure, currency), isNumber: true },
  { title: "At risk", cell: ({ money_at_risk: value }) => money(value, currency), isNumber: true },
])}${leftOut(listed)}`;
}

function movers({ risers, fallers, money_at_risk: { currency } }: WeeklyReport): Markup {
  const list = (caption: string, rows: readonly ReportedMover[]): Markup =>
    table(caption, rows, [
      { title: "Supplier", cell: supplierCell },
      { title: "Score", cell: ({ risk_score: value }) => score(value), isNumber: true },
      { title: "Change", cell: ({ change: value }) => change(value), isNumber: true },
      { title: "Band", cell: ({ band }) => band },
      {
        title: "At risk",
        cell: ({ money_at_risk: value }) => (value === null ? "not known" : money(value, currency)),
        isNumber: true,
      },
    ]);
  return section("Movers", list("Largest increases", risers), list("Largest decreases", fallers));
}

function supplierCell({ name, supplier_id: id }: Pick<ReportedMover, "name" | "supplier_id">): Markup {
  return name === "" ? markup`<bdi>${id}</bdi>` : markup`<bdi>${name}</bdi> <code>${id}</code>`;
}

function alerts({ alerts: { raised, cleared, worse, better } }: WeeklyReport): Markup {
  const list = (caption: string, listed: Listed<ReportedAlert>): Markup =>
    markup`${table(`${caption}: ${count(listed.count)}`, listed.entries, [
      { title: "Supplier", cell: ({ supplier_name: name, supplier_id }) => supplierCell({ name, supplier_id }) },
      { title: "Rule", cell: ({ rule }) => rule },
      { title: "Severity", cell: ({ severity }) => severity },
      { title: "Why", cell: ({ why }) => why },
    ])}${leftOut(listed)}`;
  return section(
    "Alerts",
    markup`<p>${count(raised.count)} raised, ${count(cleared.count)} cleared, ${count(worse)} more severe, ${count(better)} less severe.</p>\n`,
    list("Raised or opened again", raised),
    list("Cleared", cleared),
  );
}

function drift({ drift: listed }: WeeklyReport): Markup {
  if (listed.count === 0)
    return section(
      "Drift",
      markup`<p class="quiet">Nothing was compared: the model has no training profile, and there is no earlier week with a profile.</p>\n`,
    );
  const comparisons = listed.entries.flatMap(({ feature, comparisons: some }) =>
    some.map((comparison) => ({ ...comparison, feature })),
  );
  const isTrained = comparisons.some(({ reference }) => reference === "training");
  const alarms = comparisons.filter(({ outcome }) => outcome === "alarm");
  const drawn = comparisons.filter(({ bins }) => bins.length > 0).slice(0, DRAWN_DISTRIBUTIONS);
  return section(
    "Drift",
    isTrained || comparisons.length === 0
      ? NOTHING
      : markup`<p>No training profile: compared only with the week before.</p>\n`,
    table("Alarms", alarms, [{ title: "What changed", cell: ({ text }) => text }]),
    table("Population stability index since the week before", listed.entries, [
      { title: "Feature", cell: ({ feature }) => feature },
      { title: "Index", cell: ({ psi }) => score(psi), isNumber: true },
    ]),
    leftOut(listed),
    markup`<div class="pairs">${drawn.map(
      ({ feature, reference, text, bins }) =>
        markup`<div><h3>${feature}, since ${reference}</h3>${distributionChart(`${feature}: ${reference} and this week`, bins)}<p class="quiet">${text}</p></div>\n`,
    )}</div>\n`,
    drawn.length > 0 ? markup`<p class="quiet">Light: the reference. Dark: this week.</p>\n` : NOTHING,
  );
}

function rejected({ rejected: { reasons, samples } }: WeeklyReport): Markup {
  return section(
    "Rejected rows",
    table("By reason", reasons.entries, [
      { title: "Stage", cell: ({ stage }) => stage },
      { title: "Source", cell: ({ source }) => source },
      { title: "Column", cell: ({ column }) => column },
      { title: "Reason", cell: ({ reason }) => reason },
      { title: "Rows", cell: ({ rows }) => count(rows), isNumber: true },
    ]),
    leftOut(reasons),
    table("Samples", samples, [
      { title: "File", cell: ({ file }) => file },
      { title: "Line", cell: ({ line }) => (line === null ? "" : String(line)), isNumber: true },
      { title: "Column", cell: ({ column }) => column },
      { title: "Reason", cell: ({ reason }) => reason },
      { title: "Value", cell: ({ text }) => markup`<code>${text}</code>` },
    ]),
  );
}

function origin({ model, configuration, run_id, started_at }: WeeklyReport): Markup {
  const rows = [
    ["Run", String(run_id)],
    ["Started", minute(started_at)],
    ["Model", `${model.name} ${model.version}`],
    ["Runtime, kernel", `${model.runtime}, ${model.kernel}`],
    ["Model file (SHA-256)", model.model_digest],
    ["Feature bundle (SHA-256)", model.bundle_digest],
    ["Configuration of the model", model.config_hash],
    ["Configuration of the run", configuration.config_hash],
    ["Risk policy", configuration.policy_hash],
    ["Files (SHA-256)", configuration.source_digest],
    ["Mapped rows (SHA-256)", configuration.input_digest],
  ] as const;
  return section(
    "Model and configuration",
    table("What the run used", rows, [
      { title: "What", cell: ([name]) => name },
      { title: "Value", cell: ([, value]) => markup`<code>${value || "not recorded"}</code>` },
    ]),
  );
}
