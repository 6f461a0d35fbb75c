import { escapeHtml } from "@bellwether/contract/escape-html";
import type {
  GetPerformanceResponse,
  PerformanceBin,
  PerformanceFigure,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";

const WIDTH = 720;
const HEIGHT = 240;
const MARGIN = { left: 44, right: 12, top: 12, bottom: 28 };
const TICKS = [0, 0.25, 0.5, 0.75, 1];

const y = (share: number): number => MARGIN.top + (1 - share) * (HEIGHT - MARGIN.top - MARGIN.bottom);

const at = (share: number): string => share.toFixed(1);

/** Returns the frame of a plot of shares, with the axis from 0 to 1. */
function plot(label: string, content: string): string {
  const axis = TICKS.map(
    (tick) =>
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at(y(tick))}" y2="${at(y(tick))}" class="grid"/><text x="${MARGIN.left - 6}" y="${at(y(tick) + 4)}" text-anchor="end">${tick}</text>`,
  ).join("");
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(label)}">${axis}${content}</svg>`;
}

/** Returns a point with its interval. */
function point(x: number, figure: PerformanceFigure | undefined, title: string): string {
  const { value, low, high } = figure ?? {};
  if (value === undefined) return "";
  const interval =
    low === undefined || high === undefined
      ? ""
      : `<line x1="${at(x)}" x2="${at(x)}" y1="${at(y(low))}" y2="${at(y(high))}" class="interval"/>`;
  return `<g><title>${escapeHtml(title)}</title>${interval}<circle cx="${at(x)}" cy="${at(y(value))}" r="3.5" class="model"/></g>`;
}

/** Returns a cross at a position. */
function scorecardMark(x: number, top: number): string {
  const [left, right, high, low] = [x - 4, x + 4, top - 4, top + 4].map(at);
  return `<path d="M${left} ${high}L${right} ${low}M${left} ${low}L${right} ${high}" class="scorecard"/>`;
}

/** Plots the AUC of each week with its interval, beside those of the last outcomes and of the scorecard. */
export function aucPlot({ weeks }: GetPerformanceResponse): string {
  const step = (WIDTH - MARGIN.left - MARGIN.right) / Math.max(1, weeks.length);
  const labels = Math.ceil(weeks.length / 8);
  const content = weeks.map(({ isoWeek, performance }, i) => {
    const x = MARGIN.left + (i + 0.5) * step;
    const trivial = performance?.baseline?.lastLabelAuc?.value;
    const cross =
      trivial === undefined
        ? ""
        : `<line x1="${at(x - 4)}" x2="${at(x + 4)}" y1="${at(y(trivial))}" y2="${at(y(trivial))}" class="trivial"/>`;
    const card = performance?.scorecard?.auc?.value;
    const label = i % labels === 0 ? `<text x="${at(x)}" y="${HEIGHT - 8}" text-anchor="middle">${isoWeek}</text>` : "";
    return `${cross}${card === undefined ? "" : scorecardMark(x, y(card))}${point(x, performance?.auc, isoWeek)}${label}`;
  });
  return plot("AUC by week, with 95 % intervals, and AUC of the last outcomes and of the scorecard", content.join(""));
}

/** Plots the share at which the risk occurred against the mean score, by bin. */
export function calibrationPlot(bins: readonly PerformanceBin[]): string {
  const x = (score: number): number => MARGIN.left + score * (WIDTH - MARGIN.left - MARGIN.right);
  const diagonal = `<line x1="${at(x(0))}" y1="${at(y(0))}" x2="${at(x(1))}" y2="${at(y(1))}" class="trivial"/>`;
  const labels = TICKS.map((tick) => `<text x="${at(x(tick))}" y="${HEIGHT - 8}" text-anchor="middle">${tick}</text>`);
  const points = bins.map(({ predicted, observed, rows }) =>
    predicted === undefined ? "" : point(x(predicted), observed, `${rows} supplier weeks`),
  );
  return plot("share at which the risk occurred by mean score", `${diagonal}${labels.join("")}${points.join("")}`);
}
