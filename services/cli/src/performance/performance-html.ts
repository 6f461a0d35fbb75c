import { escapeHtml } from "@bellwether/contract/escape-html";
import type {
  GetPerformanceResponse,
  Performance,
  PerformanceFigure,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { figureText } from "./figure-text.ts";
import { figureName, KIND_NAMES } from "./performance-json.ts";
import { aucPlot, calibrationPlot } from "./performance-plots.ts";
import { scorecardName, sourceWords } from "./performance-scorecard.ts";
import { outcomeLines, thresholdText } from "./performance-text.ts";

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
.scorecard{stroke:#15803d;stroke-width:2}
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
<p>Points: the model, with 95 % intervals. Dashes: suppliers in the order of their last known outcome. Crosses: the scorecard.</p>
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
  const { scorecard } = performance;
  const cell = (figure: PerformanceFigure | undefined, isSigned = false): string =>
    figure ? figureText(figure, isSigned) : "";
  const row = (name: string, model: PerformanceFigure | undefined, others: readonly Other[] = []) => {
    const [trivial, card] = others;
    const beside = scorecard ? [cell(card?.figure), cell(card?.difference, true)] : [];
    return { cells: [name, figureText(model), cell(trivial?.figure), cell(trivial?.difference, true), ...beside] };
  };
  const rows = [
    row("AUC", performance.auc, [
      { figure: baseline?.lastLabelAuc, difference: baseline?.aucDifference },
      { figure: scorecard?.auc, difference: scorecard?.aucDifference },
    ]),
    row("average precision", performance.averagePrecision, [
      { figure: baseline?.lastLabelAveragePrecision, difference: baseline?.averagePrecisionDifference },
      { figure: scorecard?.averagePrecision, difference: scorecard?.averagePrecisionDifference },
    ]),
    row("Brier score", performance.brier, [
      { figure: baseline?.baseRateBrier, difference: baseline?.brierDifference },
      { figure: scorecard?.brier, difference: scorecard?.brierDifference },
    ]),
    row("log loss", performance.logLoss, [
      { figure: baseline?.baseRateLogLoss, difference: baseline?.logLossDifference },
      { figure: scorecard?.logLoss, difference: scorecard?.logLossDifference },
    ]),
    row("share at which the risk occurred", performance.observedRate),
    row("that share minus the mean score", performance.calibrationGap),
    row(`precision ${thresholdText(answer)}`, atThreshold?.precision, ofCard(scorecard?.atThreshold?.precision)),
    row(`recall ${thresholdText(answer)}`, atThreshold?.recall, ofCard(scorecard?.atThreshold?.recall)),
    row(
      `precision at capacity ${answer.capacity}`,
      atCapacity?.precision,
      ofCard(scorecard?.atCapacity?.precision, scorecard?.capacityPrecisionDifference),
    ),
    row(`recall at capacity ${answer.capacity}`, atCapacity?.recall, ofCard(scorecard?.atCapacity?.recall)),
  ];
  const head = ["figure", "model", "without a model", "difference"];
  const beside = scorecard ? [scorecardName(answer), "difference"] : [];
  const same = scorecard
    ? `<p>The scorecard and its difference are those of the ${scorecard.rows} supplier weeks that both have scored.</p>`
    : "";
  return `${table([...head, ...beside], rows)}${same}${note === "" ? "" : `<p>${escapeHtml(note)}</p>`}`;
}

/** What the model is compared with. */
interface Other {
  readonly figure: PerformanceFigure | undefined;
  readonly difference: PerformanceFigure | undefined;
}

/** Returns what a figure is compared with that only the scorecard has. */
const ofCard = (figure?: PerformanceFigure, difference?: PerformanceFigure): readonly Other[] => [
  { figure: undefined, difference: undefined },
  { figure, difference },
];

const weeksTable = ({ weeks }: GetPerformanceResponse): string =>
  table(
    [
      "week",
      "version",
      "outcomes",
      "with the risk",
      "AUC",
      "AUC of the scorecard",
      "Brier score",
      "precision at capacity",
    ],
    weeks.map(({ isoWeek, modelVersion, performance, coverage, scorecard }) => ({
      cells: [
        ...[isoWeek, modelVersion],
        `${coverage?.labelled ?? 0n} of ${coverage?.scored ?? 0n}${coverage?.immature ? ", horizon not over" : ""}`,
        ...[String(performance?.positives ?? 0n), figureText(performance?.auc)],
        scorecard ? `${figureText(performance?.scorecard?.auc)}, ${sourceWords(scorecard.source)}` : "",
        figureText(performance?.brier),
        figureText(performance?.atCapacity?.precision),
      ],
    })),
  );

const versionsTable = ({ versions }: GetPerformanceResponse): string =>
  table(
    ["version", "weeks", "supplier weeks", "AUC", "AUC of the scorecard", "average precision", "Brier score"],
    versions.map(({ modelVersion, firstWeek, lastWeek, performance }) => ({
      cells: [
        ...[modelVersion, `${firstWeek} to ${lastWeek}`, String(performance?.rows ?? 0n)],
        ...[figureText(performance?.auc), figureText(performance?.scorecard?.auc)],
        ...[figureText(performance?.averagePrecision), figureText(performance?.brier)],
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
