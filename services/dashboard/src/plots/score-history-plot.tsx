import { bandTone } from "../parts/badges.tsx";
import { countOf, scoreText } from "../parts/format.ts";
import { BAND_WORDS, wordOf } from "../parts/words.ts";
import { layOutScoreHistory, type PlotBox, type WeekMark, type WeekScore } from "./score-history.ts";

const WIDTH = 640;
const HEIGHT = 232;
const BOX: PlotBox = { left: 40, right: WIDTH - 16, top: 24, bottom: HEIGHT - 28 };
const GRID = [0, 0.25, 0.5, 0.75, 1];

interface ScoreHistoryPlotProps {
  readonly scores: readonly WeekScore[];
  /** Decisions, at the week in which they were made. */
  readonly decisions?: readonly WeekMark[];
}

/**
 * Plots the risk score by week. The colour of a dot is its band; a line joins consecutive weeks. Dashed lines are
 * the limits between the bands, as the runs recorded them, else as the scores show them; vertical lines are changes of the model version;
 * triangles are decisions about alerts.
 */
export function ScoreHistoryPlot({ scores, decisions = [] }: ScoreHistoryPlotProps) {
  const { points, lines, weeks, limits, modelChanges, marks } = layOutScoreHistory(scores, BOX, decisions);
  const latest = points.at(-1);
  const label = latest
    ? `Risk score by week, ${countOf(points.length, "week")}, the latest ${scoreText(latest.riskScore)} in ${latest.isoWeek}`
    : "Risk score by week, no scores";
  return (
    <svg className="plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {GRID.map((score) => {
        const y = BOX.bottom - score * (BOX.bottom - BOX.top);
        return (
          <g key={score}>
            <line className="grid" x1={BOX.left} x2={BOX.right} y1={y} y2={y} />
            <text x={BOX.left - 8} y={y + 4} textAnchor="end">
              {scoreText(score)}
            </text>
          </g>
        );
      })}
      {limits.map(({ band, y, x1, x2, score, isLatest }) => (
        <g key={band + x1}>
          <line className="limit" data-tone={bandTone(band)} x1={x1} x2={x2} y1={y} y2={y} />
          {isLatest && (
            <text x={BOX.right} y={y - 4} textAnchor="end">
              {`${wordOf(BAND_WORDS, band)} from ${score === undefined ? "about here" : scoreText(score)}`}
            </text>
          )}
        </g>
      ))}
      {modelChanges.map(({ x, name }) => (
        <g key={name + x}>
          <line className="model-change" x1={x} x2={x} y1={BOX.top - 6} y2={BOX.bottom} />
          <text x={x} y={BOX.top - 10} textAnchor="middle">
            {name}
          </text>
        </g>
      ))}
      {weeks.map(({ isoWeek, x }, i) => (
        <text key={isoWeek} x={x} y={HEIGHT - 6} textAnchor={weeks.length === 1 ? "middle" : i === 0 ? "start" : "end"}>
          {isoWeek}
        </text>
      ))}
      {lines.map((d) => (
        <path key={d} className="line" d={d} />
      ))}
      {points.map(({ isoWeek, riskScore, band, x, y }) => (
        <circle key={isoWeek} className="dot" data-tone={bandTone(band)} cx={x} cy={y} r={points.length > 60 ? 2 : 4}>
          <title>{`${isoWeek}: ${scoreText(riskScore)}, ${wordOf(BAND_WORDS, band)}`}</title>
        </circle>
      ))}
      {marks.map(({ x, isoWeek, text }) => (
        <path key={isoWeek + text} className="decision" d={`M${x} ${BOX.bottom - 9}l5 9h-10z`}>
          <title>{`${isoWeek}: ${text}`}</title>
        </path>
      ))}
    </svg>
  );
}
