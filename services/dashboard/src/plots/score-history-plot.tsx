import { bandTone } from "../parts/badges.tsx";
import { scoreText } from "../parts/format.ts";
import { BAND_WORDS, wordOf } from "../parts/words.ts";
import { layOutScoreHistory, type PlotBox, type WeekScore } from "./score-history.ts";

const WIDTH = 640;
const HEIGHT = 220;
const BOX: PlotBox = { left: 40, right: WIDTH - 16, top: 12, bottom: HEIGHT - 28 };
const GRID = [0, 0.25, 0.5, 0.75, 1];

/** Plots the risk score by week. The colour of a dot is its band; a line joins consecutive weeks. */
export function ScoreHistoryPlot({ scores }: { scores: readonly WeekScore[] }) {
  const { points, lines, weeks } = layOutScoreHistory(scores, BOX);
  const latest = points.at(-1);
  const label = latest
    ? `Risk score by week, ${points.length} weeks, the latest ${scoreText(latest.riskScore)} in ${latest.isoWeek}`
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
    </svg>
  );
}
