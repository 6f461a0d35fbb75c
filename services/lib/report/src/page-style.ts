/** The style of the page, for screens and for paper. It loads nothing. */
export const PAGE_STYLE = `
:root { color-scheme: light; --ink: #1b2430; --quiet: #55606e; --line: #d5dbe3; --bar: #2f6db5; --before: #a9bfd8; --bad: #a3231c; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px; max-width: 960px; color: var(--ink); background: #fff; font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 32px 0 8px; border-bottom: 1px solid var(--line); }
h3 { font-size: 15px; margin: 16px 0 4px; } p { margin: 4px 0 8px; } .quiet, small { color: var(--quiet); }
.wide { overflow-x: auto; margin: 4px 0 12px; } .wide:focus-visible { outline: 2px solid var(--bar); }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--quiet); }
th, td { text-align: left; padding: 3px 10px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
tfoot td { font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; } td.number { white-space: nowrap; }
code { font: 12px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.failed { color: var(--bad); font-weight: 600; }
dl { margin: 4px 0 12px; } dd { margin: 0; } .glance { display: flex; flex-wrap: wrap; gap: 8px 28px; } .glance dt { color: var(--quiet); } .glance strong { font-size: 17px; } .glance small { display: block; }
.words > div { margin: 0 0 4px; } .words dt { font-weight: 600; display: inline; } .words dt::after { content: ": "; } .words dd { display: inline; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--ink); } svg rect { fill: var(--bar); } svg line { stroke: var(--quiet); }
svg .before { fill: var(--before); } .pairs { display: flex; flex-wrap: wrap; gap: 16px 24px; } figure { margin: 0; width: 340px; max-width: 100%; } figcaption { color: var(--quiet); }
@page { size: A4; margin: 14mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 11px; } h1, h2, h3, caption { break-after: avoid; } tr, svg, figure, .glance > div, .words > div { break-inside: avoid; }
  thead { display: table-header-group; } tfoot { display: table-row-group; } .wide { overflow: visible; } .pairs { display: block; } figure { display: inline-block; width: 48%; margin: 0 1% 8px 0; vertical-align: top; }
  td, th, code { overflow-wrap: anywhere; } td.number { white-space: normal; }
}
`;
