import { escapeHtml } from "@bellwether/contract/escape-html";
import type {
  GetPerformanceResponse,
  Performance,
  PerformanceFigure,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { figureName, KIND_NAMES } from "./performance-json.ts";
import { aucPlot, calibrationPlot } from "./performance-plots.ts";
import { figureText, outcomeLines, thresholdText } from "./performance-text.ts";

const STYLE = `:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{text-align:start;padding:.3rem .6rem;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent);font-weight:400}
thead th{font-size:.85rem;opacity:.7}
tr.flagged td,tr.flagged th{font-weight:600}
svg{width:100%;height:auto}
svg text{font-size:11px;fill:currentColor;opacity:.7}
.grid{stroke:currentColor;opacity:.15}
.interval{stroke:#2563eb;stroke-width:2;opacity:.6}
.model{fill:#2563eb}
.trivial{stroke:#b45309;stroke-width:2;stroke-dasharray:4 3}`;

/** Renders the performance of a model as one page of HTML that loads nothing and runs nothing, all texts escaped. */
export function performanceHtml(answer: GetPerformanceResponse): string {
  const title = `Performance of ${answer.modelName}, ${answer.fromWeek} to ${answer.toWeek}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${outcomeLines(answer)
  .map((line) => `<p>${escapeHtml(line)}</p>`)
  .join("\n")}
<h2>All weeks</h2>
${figuresTable(answer.overall, answer)}
<h2>AUC by week</h2>
<p>Points: the model, with 95 % intervals. Dashes: suppliers in the order of their last known outcome.</p>
${aucPlot(answer)}
<h2>Calibration</h2>
<p>Across: mean score. Up: share at which the risk occurred. Dashes: both are equal.</p>
${calibrationPlot(answer.overall?.calibration ?? [])}
<h2>Weeks</h2>
${weeksTable(answer)}
<h2>Versions</h2>
${versionsTable(answer)}
<h2>Segments</h2>
<p>Bold: the segment differs from all others outside chance, after the correction over all segments.</p>
${segmentsTable(answer)}
</main>
</body>
</html>
`;
}

/** Returns a table; cells are texts. */
function table(
  head: readonly string[],
  rows: readonly { readonly cells: readonly string[]; readonly isFlagged?: boolean }[],
): string {
  const cell = (text: string, i: number): string =>
    i === 0 ? `<th scope="row">${escapeHtml(text)}</th>` : `<td>${escapeHtml(text)}</td>`;
  const body = rows.map(
    ({ cells, isFlagged = false }) => `<tr${isFlagged ? ' class="flagged"' : ""}>${cells.map(cell).join("")}</tr>`,
  );
  return `<table><thead><tr>${head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("")}</tr></thead><tbody>${body.join("\n")}</tbody></table>`;
}

function figuresTable(performance: Performance | undefined, answer: GetPerformanceResponse): string {
  if (performance === undefined) return "";
  const { baseline, atThreshold, atCapacity, note } = performance;
  const row = (
    name: string,
    figure?: PerformanceFigure,
    trivial?: PerformanceFigure,
    difference?: PerformanceFigure,
  ) => ({
    cells: [
      name,
      figureText(figure),
      trivial ? figureText(trivial) : "",
      difference ? figureText(difference, true) : "",
    ],
  });
  const rows = [
    row("AUC", performance.auc, baseline?.lastLabelAuc, baseline?.aucDifference),
    row(
      "average precision",
      performance.averagePrecision,
      baseline?.lastLabelAveragePrecision,
      baseline?.averagePrecisionDifference,
    ),
    row("Brier score", performance.brier, baseline?.baseRateBrier, baseline?.brierDifference),
    row("log loss", performance.logLoss, baseline?.baseRateLogLoss, baseline?.logLossDifference),
    row("share at which the risk occurred", performance.observedRate),
    row("that share minus the mean score", performance.calibrationGap),
    row(`precision ${thresholdText(answer)}`, atThreshold?.precision),
    row(`recall ${thresholdText(answer)}`, atThreshold?.recall),
    row(`precision at capacity ${answer.capacity}`, atCapacity?.precision),
    row(`recall at capacity ${answer.capacity}`, atCapacity?.recall),
  ];
  return `${table(["figure", "model", "without a model", "difference"], rows)}${note === "" ? "" : `<p>${escapeHtml(note)}</p>`}`;
}

const weeksTable = ({ weeks }: GetPerformanceResponse): string =>
  table(
    ["week", "version", "outcomes", "with the risk", "AUC", "Brier score", "precision at capacity"],
    weeks.map(({ isoWeek, modelVersion, performance, coverage }) => ({
      cells: [
        ...[isoWeek, modelVersion],
        `${coverage?.labelled ?? 0n} of ${coverage?.scored ?? 0n}${coverage?.immature ? ", horizon not over" : ""}`,
        ...[String(performance?.positives ?? 0n), figureText(performance?.auc), figureText(performance?.brier)],
        figureText(performance?.atCapacity?.precision),
      ],
    })),
  );

const versionsTable = ({ versions }: GetPerformanceResponse): string =>
  table(
    ["version", "weeks", "supplier weeks", "AUC", "average precision", "Brier score"],
    versions.map(({ modelVersion, firstWeek, lastWeek, performance }) => ({
      cells: [
        ...[modelVersion, `${firstWeek} to ${lastWeek}`, String(performance?.rows ?? 0n)],
        ...[figureText(performance?.auc), figureText(performance?.averagePrecision), figureText(performance?.brier)],
      ],
    })),
  );

const segmentsTable = ({ segments }: GetPerformanceResponse): string =>
  table(
    ["segment", "supplier weeks", "with the risk", "AUC", "share minus mean score", "differs"],
    segments.map(({ kind, segment, performance, differences }) => {
      const flagged = differences.filter((difference) => difference.flagged);
      const differs = flagged.map(({ figure, difference }) => `${figureName(figure)} ${figureText(difference, true)}`);
      return {
        isFlagged: flagged.length > 0,
        cells: [
          ...[
            `${KIND_NAMES[kind]} ${segment || "(none)"}`,
            String(performance?.rows ?? 0n),
            String(performance?.positives ?? 0n),
          ],
          ...[figureText(performance?.auc), figureText(performance?.calibrationGap, true)],
          differences.length === 0 ? "too few to compare" : differs.join("; ") || "no",
        ],
      };
    }),
  );
