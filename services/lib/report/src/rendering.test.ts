import { expect, test } from "vitest";
import { sampleReport } from "../test/sample-report.ts";
import { money } from "./figures.ts";
import { reportToCsv } from "./report-to-csv.ts";
import { reportToHtml } from "./report-to-html.ts";
import { reportFromJson, reportToJson } from "./weekly-report.ts";

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;\u0000\ud800`;

/** Returns the names of the elements of a page, after checking that each element is closed in the order of opening. */
function elementsOf(html: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const withoutStyle = html.replace(/<style>[^<]*<\/style>/, "<style></style>");
  for (const [, isEnd, name = "", attributes = ""] of withoutStyle.matchAll(/<(\/?)([a-z0-9]+)((?:\s[^<>]*)?)>/g)) {
    if (isEnd) expect(open.pop()).toBe(name);
    else {
      seen.push(name);
      expect(attributes).toMatch(/^(?:\s[a-zA-Z-]+[0-9]?(?:="[^"<>]*")?)*\s?\/?$/);
      if (!attributes.endsWith("/") && !["meta"].includes(name)) open.push(name);
    }
  }
  expect(open).toEqual([]);
  // Every other < or > is escaped.
  expect(withoutStyle.replace("<!doctype html>", "").replace(/<\/?[a-z0-9]+(?:\s[^<>]*)?>/g, "")).not.toMatch(/[<>]/);
  return seen;
}

test("the page has one main heading, a heading for each section, and tables with captions and column headers", () => {
  const html = reportToHtml(sampleReport());
  const elements = elementsOf(html);
  expect(elements.filter((name) => name === "h1")).toHaveLength(1);
  const headings = [...html.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, text]) => text);
  expect(headings).toEqual([
    ...["At a glance", "Money at risk", "Alerts", "Movers", "Rows", "Checks of the input", "Rejected rows", "Drift"],
    ...["What the words mean", "Model and configuration"],
  ]);
  expect(
    html.match(
      /<div class="wide" role="region" aria-label="[^"]+" tabindex="0"><table><caption>[^<]+<\/caption><thead><tr><th scope="col"/g,
    )?.length,
  ).toBe(html.match(/<table>/g)?.length);
  expect(html.match(/<svg role="img" aria-label="[^"]+"/g)?.length).toBe(html.match(/<svg/g)?.length);
  expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
});

test("the page loads nothing and runs nothing", () => {
  const html = reportToHtml(sampleReport());
  expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(html).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|\bhref=|url\(|@import|\son[a-z]+=|https?:/i);
});

test("the figures of the page add up", () => {
  const html = reportToHtml(sampleReport());
  for (const sum of [
    "12,345 rows read = 12,300 scored + 45 rejected (5 of them repeat accepted rows).",
    "1,234,567 EUR at risk per year, 1,200,000 EUR in 2026-W46.",
    "124 active alerts before the run + 1 raised − 0 cleared = 125 active alerts after it.",
  ])
    expect(html).toContain(sum);
  expect(cells(html, "all suppliers with a score")).toEqual(["12,300", "", "12,180"]);
  const all = ["12,300", "300", "6,000,000 EUR", "1,234,567 EUR"];
  expect([...html.matchAll(/<tr><td>all suppliers<\/td>(.*?)<\/tr>/g)].map(([, row]) => texts(row ?? ""))).toEqual([
    all,
    all,
  ]);
  expect(cells(html, "59 other categories")).toEqual(["12,299", "300", "6,000,000 EUR", "1,234,567 EUR"]);
  expect(cells(html, "all listed reasons")).toEqual(["", "", "40", "", ""]);
});

test("the example of a reason has the option that would read its value", () => {
  expect(cells(reportToHtml(sampleReport()), "reading the file").at(-1)).toBe(
    "<code>n/k</code> <small>line 17 of week.csv</small> <small>set null_values: [&#39;n/k&#39;] if it means not known</small>",
  );
});

const texts = (row: string): string[] => [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, text = ""]) => text);
/** Returns the texts of the cells after the first one of a row. */
const cells = (html: string, first: string): string[] =>
  texts(new RegExp(`<tr><td>${first}</td>(.*?)</tr>`).exec(html)?.[1] ?? "");

test("bands are in the order of severity, also in a report of an earlier release", () => {
  const order = (html: string) =>
    [...html.matchAll(/<tr><td>(high|medium|low|unknown)<\/td>/g)].map(([, band]) => band);
  expect(order(reportToHtml(sampleReport()))).toEqual(["high", "low"]);
  const { bands, alerts, drift, regions, ...others } = sampleReport();
  const stored = {
    ...{ ...others, report_version: 1, bands: bands.toReversed() },
    ...{ alerts: { ...alerts, active: undefined, active_before: undefined }, regions: { ...regions, rest: undefined } },
    drift: { count: 1, entries: [{ feature: "spend", psi: 0.1, comparisons: [] }] },
  };
  const read = reportFromJson(JSON.stringify(stored));
  expect(order(reportToHtml(read))).toEqual(["high", "low"]);
  expect(read).toMatchObject({ report_version: 2, alerts: { active: null }, regions: { rest: null } });
  expect(read.drift.entries[0]?.unit).toBe("");
});

test("every number of the page has a unit or a name, and every word of a heading is explained", () => {
  const html = reportToHtml(sampleReport());
  const words = [...html.matchAll(/<dt>([^<]+)<\/dt><dd>/g)].map(([, word]) => word);
  expect(words).toEqual(
    expect.arrayContaining([
      "Risk score",
      "Band",
      "Exposure",
      "Expected impact",
      "Money at risk",
      "Drift",
      "σ",
      "Points",
      "Stability index",
    ]),
  );
  for (const text of ["spend (EUR)", "0.40 σ", "0.001", "In 2026-W46", "Change since 2026-W46"])
    expect(html).toContain(text);
  expect(html).not.toMatch(/\d[eE][+-]?\d+ /);
});

test("on paper no chart, row or figure is cut by the end of a page", () => {
  expect(reportToHtml(sampleReport())).toMatch(/@media print \{[^@]*tr, svg, figure[^{]*\{ break-inside: avoid; \}/);
});

test("what a revision changed, the objects that were read, and a missing training profile are said", () => {
  const figures = { suppliers: 300, scores_changed: 12, bands_changed: 3, suppliers_added: 1, suppliers_removed: 2 };
  const revision_changes = {
    ...figures,
    max_score_change: 0.75,
    alerts_raised: 4,
    alerts_cleared: 5,
    alerts_changed: 6,
  };
  const objects = [{ url: "s3://weekly/2026-W47.csv", etag: '"9a0364b9"', bytes: 1_234 }];
  const report = sampleReport({ revision: 2, revision_changes, objects });
  const html = reportToHtml(report);
  elementsOf(html);
  expect(html).toContain("12 of 300 scores changed (by at most 0.750)");
  expect(html).toContain("alerts: 4 raised, 5 cleared, 6 with another severity");
  expect(html).toContain("<td>s3://weekly/2026-W47.csv</td><td><code>&quot;9a0364b9&quot;</code></td>");
  expect(html).toContain("No training profile: compared only with the week before.");
  const csv = reportToCsv(report);
  expect(csv).toContain("2026-W47,supplier-risk,2,revision,,scores_changed,12,,suppliers");
  expect(csv).toContain("object,s3://weekly/2026-W47.csv,bytes,1234,,bytes");
  const [spend] = report.drift.entries;
  const trained = spend
    ? [{ ...spend, comparisons: spend.comparisons.map((one) => ({ ...one, reference: "training" })) }]
    : [];
  const other = reportToHtml(sampleReport({ drift: { count: 1, entries: trained } }));
  expect(other).not.toContain("This revision replaced");
  expect(other).not.toContain("No training profile");
});

test("hostile texts are escaped in the page wherever they stand", () => {
  const report = sampleReport();
  const [mover] = report.risers;
  const [alert] = report.alerts.raised.entries;
  const hostile = JSON.parse(JSON.stringify(report), (_key, value) => (typeof value === "string" ? HOSTILE : value));
  for (const one of [
    { ...hostile, checks: report.checks, bands: report.bands },
    { ...report, risers: [{ ...mover, name: HOSTILE, supplier_id: HOSTILE }] },
    { ...report, alerts: { ...report.alerts, raised: { count: 1, entries: [{ ...alert, why: HOSTILE }] } } },
  ]) {
    const html = reportToHtml(one);
    elementsOf(html);
    expect(html).not.toContain("<script");
    expect(html).not.toContain("<img");
    expect(html).not.toContain("\u0000");
    expect(html.isWellFormed()).toBe(true);
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  }
});

test("the same report gives the same bytes, in every format and also from its stored JSON", () => {
  const stored = reportFromJson(reportToJson(sampleReport()));
  for (const render of [reportToJson, reportToCsv, reportToHtml]) expect(render(stored)).toBe(render(sampleReport()));
});

test("a report of a first week, without checks, alerts or rejected rows, says what there is not", () => {
  const none = { count: 0, entries: [] };
  const html = reportToHtml(
    sampleReport({
      ...{ previous_week: null, as_of: null, approved: null, checks: [], sources: [], risers: [], fallers: [] },
      ...{ regions: { ...none, rest: null }, categories: { ...none, rest: null }, bands: [] },
      alerts: { raised: none, cleared: none, worse: 0, better: 0, active: 0, active_before: 0 },
      rejected: { reasons: none, samples: [] },
      drift: none,
    }),
  );
  elementsOf(html);
  for (const said of ["There is no earlier week to compare with.", "Checks before the scoring: not recorded."])
    expect(html).toContain(said);
  expect(html).toContain(
    "Nothing was compared: the model has no training profile, and there is no earlier week with a profile.",
  );
  expect(html).toContain("Raised or opened again: 0 alerts: None.");
});

test("a first week has no change since a week before: no column of it in the page, and no number in CSV", () => {
  const comparison = {
    ...{ reference: "training", aspect: "values", outcome: "none", effect: 0.1, effect_unit: "sigma" as const },
    ...{ p_value: 0.5, text: "spend changed", bins: [] },
  };
  const entries = [{ feature: "spend", unit: "EUR", psi: 0, comparisons: [comparison] }];
  const first = sampleReport({ previous_week: null, drift: { count: 1, entries } });
  const drift = reportToHtml(first).split(">Drift</h2>")[1]?.split("</section>")[0] ?? "";
  expect(drift).toContain("First week: compared only with the training.");
  for (const absent of ["0.000", "the week before<", "Stability index, since"]) expect(drift).not.toContain(absent);
  expect(reportToCsv(first)).toContain("drift,spend,psi,,,\r\n");
  const later = sampleReport({ drift: { count: 1, entries } });
  expect(reportToHtml(later)).toContain('<td class="number">–</td></tr>');
  expect(reportToCsv(later)).toContain("drift,spend,psi,,,\r\n");
});

test("a week that was overtaken says that its rules were not evaluated", () => {
  expect(reportToHtml(sampleReport({ overtaken_by: "2026-W50" }))).toContain(
    "2026-W50 was complete before: the alert rules were not evaluated.",
  );
});

test("the CSV has one figure a row, and no cell that a spreadsheet runs", () => {
  const [mover] = sampleReport().risers;
  const csv = reportToCsv(sampleReport({ risers: mover ? [{ ...mover, name: '=HYPERLINK("x"),\n' }] : [] }));
  const lines = csv.split("\r\n");
  expect(lines[0]).toBe("\uFEFFweek,model,revision,section,entry,name,value,text,unit");
  expect(lines).toContain("2026-W47,supplier-risk,1,rows,,read,12345,,rows");
  expect(lines).toContain("2026-W47,supplier-risk,1,region,Europe,money_at_risk,1000000,,EUR");
  expect(lines).toContain("2026-W47,supplier-risk,1,check,unit spend,outcome,,failed,");
  expect(csv).toContain(`1,riser,S_1,name,,"'=HYPERLINK(""x""),\n",`);
  expect(csv).toContain("riser,S_1,change,0.4,,probability");
});

test("sums of the same amounts in another order have the same text", () => {
  const amounts = [277_886_443.5, 0.1, 0.2, -0.3];
  const sum = (some: readonly number[]) => some.reduce((total, amount) => total + amount, 0);
  expect(money(277_886_443.499_999_64, "EUR")).toBe("277,886,444 EUR");
  expect(money(sum(amounts.toReversed()), "EUR")).toBe(money(sum(amounts), "EUR"));
});
