import type { BacktestWeek } from "@bellwether/gen/bellwether/ops/v1/backtest_pb";
import { countOf, countText } from "../parts/format.ts";
import { Wide } from "../parts/wide.tsx";
import { linearScale } from "../plots/linear-scale.ts";
import { sumOf } from "./week-sums.ts";

const WIDTH = 720;
const BOX = { left: 44, right: WIDTH - 36 };
/** Top and height of each part of the plot. */
const RAISED = { top: 20, height: 130 };
const DECIDED = { top: 182, height: 60 };
const OCCURRED = { top: 274, height: 60 };
const HEIGHT = OCCURRED.top + OCCURRED.height + 28;
/** Number of weeks that have their name below the axis. */
const NAMED = 6;

interface BacktestPlotProps {
  readonly weeks: readonly BacktestWeek[];
  readonly weeklyBudget: number;
}

/** Plots a back-test week by week: alerts, then what was decided about them, then what came true. */
export function BacktestPlot({ weeks, weeklyBudget }: BacktestPlotProps) {
  const step = (BOX.right - BOX.left) / weeks.length;
  const place = (i: number): number => BOX.left + (i + 0.5) * step;
  const width = Math.max(1, Math.min(24, step * 0.7));
  const most = Math.max(1, weeklyBudget, ...weeks.flatMap(({ raised, recordedRaised }) => [raised, recordedRaised]));
  const y = linearScale([0, most], [RAISED.top + RAISED.height, RAISED.top]);
  const every = Math.ceil(weeks.length / NAMED);
  return (
    <>
      <p className="quiet">
        Above: bars are the draft's new alerts, short lines those of the rules of that time, and the dashed line is the
        budget. Below: upwards real or came true, downwards not.
      </p>
      <Wide label="Plot of the test">
        <svg className="plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={labelOf(weeks, weeklyBudget)}>
          <text className="name" x={BOX.left} y={12}>
            New alerts
          </text>
          {[0, most].map((count) => (
            <g key={count}>
              <line className="grid" x1={BOX.left} x2={BOX.right} y1={y(count)} y2={y(count)} />
              <text x={BOX.left - 6} y={y(count) + 4} textAnchor="end">
                {countText(count)}
              </text>
            </g>
          ))}
          {weeks.map(({ isoWeek, raised, recordedRaised, overBudget }, i) => (
            <g key={isoWeek}>
              <title>{`${isoWeek}: ${raised} by the draft, ${recordedRaised} at the time`}</title>
              <rect
                className="bar"
                data-raises={overBudget}
                x={place(i) - width / 2}
                width={width}
                y={y(raised)}
                height={y(0) - y(raised)}
              />
              <line
                className="recorded"
                x1={place(i) - width / 2}
                x2={place(i) + width / 2}
                y1={y(recordedRaised)}
                y2={y(recordedRaised)}
              />
            </g>
          ))}
          <line className="model-change" x1={BOX.left} x2={BOX.right} y1={y(weeklyBudget)} y2={y(weeklyBudget)} />
          <Halves
            title="Decided by people"
            box={DECIDED}
            place={place}
            width={width}
            values={weeks.map((week) => [sumOf(week, "decidedReal"), sumOf(week, "decidedNotReal")])}
          />
          <Halves
            title="Came true"
            box={OCCURRED}
            place={place}
            width={width}
            values={weeks.map((week) => [sumOf(week, "occurred"), sumOf(week, "notOccurred")])}
          />
          {weeks.map(({ isoWeek }, i) =>
            i % every === 0 ? (
              <text key={isoWeek} x={place(i)} y={HEIGHT - 6} textAnchor="middle">
                {isoWeek}
              </text>
            ) : null,
          )}
        </svg>
      </Wide>
    </>
  );
}

interface HalvesProps {
  readonly title: string;
  readonly box: { readonly top: number; readonly height: number };
  readonly place: (i: number) => number;
  readonly width: number;
  /** Of each week: the count that is drawn upwards, and the one downwards. */
  readonly values: readonly (readonly [up: number, down: number])[];
}

/** Bars upwards and downwards from a line in the middle. */
function Halves({ title, box, place, width, values }: HalvesProps) {
  const middle = box.top + box.height / 2;
  const most = Math.max(1, ...values.flat());
  const heightOf = linearScale([0, most], [0, box.height / 2]);
  return (
    <g>
      <text className="name" x={BOX.left} y={box.top - 6}>
        {title}
      </text>
      <text x={BOX.left - 6} y={box.top + 8} textAnchor="end">
        {countText(most)}
      </text>
      <line className="grid" x1={BOX.left} x2={BOX.right} y1={middle} y2={middle} />
      {values.map(([up, down], i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a bar is the week at this position
        <g key={i}>
          <rect
            className="bar"
            data-raises="true"
            x={place(i) - width / 2}
            width={width}
            y={middle - heightOf(up)}
            height={heightOf(up)}
          />
          <rect className="bar" x={place(i) - width / 2} width={width} y={middle} height={heightOf(down)} />
        </g>
      ))}
    </g>
  );
}

function labelOf(weeks: readonly BacktestWeek[], weeklyBudget: number): string {
  const raised = weeks.reduce((total, week) => total + week.raised, 0);
  const recorded = weeks.reduce((total, week) => total + week.recordedRaised, 0);
  const real = weeks.reduce((total, week) => total + sumOf(week, "decidedReal"), 0);
  const occurred = weeks.reduce((total, week) => total + sumOf(week, "occurred"), 0);
  return `New alerts by week: ${countText(raised)} by the draft and ${countText(recorded)} at the time in ${countOf(weeks.length, "week")}, with a budget of ${countText(weeklyBudget)} a week; ${countText(real)} decided as real, ${countText(occurred)} came true. The table of the weeks has the figures.`;
}
