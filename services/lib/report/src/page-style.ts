/** The style of the page, for screens and for paper. It loads nothing. */
export const PAGE_STYLE = `
:root { color-scheme: light; --ink: #1b2430; --quiet: #55606e; --line: #d5dbe3; --bar: #2f6db5; --before: #a9bfd8; --bad: #a3231c; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px; max-width: 960px; color: var(--ink); background: #fff; font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 32px 0 8px; border-bottom: 1px solid var(--line); }
h3 { font-size: 15px; margin: 16px 0 4px; } p { margin: 4px 0 8px; } .quiet { color: var(--quiet); }
table { border-collapse: collapse; width: 100%; margin: 4px 0 12px; }
caption { text-align: left; color: var(--quiet); }
th, td { text-align: left; padding: 3px 10px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font: 12px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.failed { color: var(--bad); font-weight: 600; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--ink); } svg rect { fill: var(--bar); }
svg.pair { width: 340px; } svg .before { fill: var(--before); } .pairs { display: flex; flex-wrap: wrap; gap: 12px 24px; } .pairs > div { width: 340px; }
@media print { body { max-width: none; padding: 0; font-size: 11px; } h2 { break-after: avoid; } tr, svg, .pairs > div { break-inside: avoid; } thead { display: table-header-group; } }
`;
