import { driftSection } from "./drift-section.ts";
import { checkRows, origin, rejectedRows, rowCounts } from "./input-sections.ts";
import { type Markup, markup, trustedMarkup } from "./markup.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { readingNotes } from "./reading-notes.ts";
import { alertChanges, moneyAtRisk, movers } from "./risk-sections.ts";
import { atAGlance, heading } from "./summary-section.ts";
import type { WeeklyReport } from "./weekly-report.ts";

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
${SECTIONS.map((render) => render(report))}</main>
</body>
</html>
`;
  return page.text;
}

/** The sections in their order: first what a reader decides about, then where the figures are from. */
const SECTIONS: readonly ((report: WeeklyReport) => Markup)[] = [
  ...[heading, atAGlance, moneyAtRisk, alertChanges, movers, rowCounts, checkRows, rejectedRows, driftSection],
  ...[readingNotes, origin],
];

const STYLE = trustedMarkup(PAGE_STYLE);
