import type { WeekPerformance } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { useState } from "react";
import { Choice } from "../parts/choice.tsx";
import { countOf } from "../parts/format.ts";
import { FIGURE_CHOICES, type FigureChoice } from "./figure-choices.ts";
import { figureText } from "./performance-words.ts";
import { SharePlot } from "./share-plot.tsx";
import { WeeksTable } from "./weeks-table.tsx";

/** Number of weeks that have their name below the axis. */
const NAMED = 5;
const OPTIONS = FIGURE_CHOICES.map(({ name }, at) => [at, name] as const);

/** One figure by week as a plot, and all weeks as a table. */
export function WeekFigures({ weeks }: { weeks: readonly WeekPerformance[] }) {
  const [at, setAt] = useState(0);
  const choice = FIGURE_CHOICES[at];
  if (!choice) return null;
  const every = Math.ceil(weeks.length / NAMED);
  const hasScorecard = weeks.some(({ performance }) => performance?.scorecard !== undefined);
  const place = (i: number): number => (i + 0.5) / weeks.length;
  return (
    <>
      <Choice title="Figure" options={OPTIONS} value={at} onChange={setAt} />
      <p className="quiet">
        Dots: the model, with 95 % intervals.{choice.trivial && " Dashes: without a model."}
        {hasScorecard && " Circles: the scorecard."} Weeks without enough outcomes have no dot.
      </p>
      <SharePlot
        label={labelOf(choice, weeks)}
        ticks={weeks.flatMap(({ isoWeek }, i) => (i % every === 0 ? [[place(i), isoWeek] as const] : []))}
        shares={weeks.map(({ isoWeek, performance }, i) => {
          const figure = performance && choice.of(performance);
          const trivial = performance && choice.trivial?.(performance)?.value;
          const card = performance?.scorecard && choice.card(performance.scorecard)?.value;
          return { at: place(i), figure, trivial, card, title: `${isoWeek}: ${figureText(figure)}` };
        })}
      />
      <details>
        <summary>All weeks as a table</summary>
        <WeeksTable weeks={weeks} />
      </details>
    </>
  );
}

function labelOf({ name, of }: FigureChoice, weeks: readonly WeekPerformance[]): string {
  const known = weeks.filter(({ performance }) => performance && of(performance)?.value !== undefined);
  const last = known.at(-1);
  const latest = last?.performance
    ? `, the latest ${figureText(of(last.performance))} in ${last.isoWeek}`
    : ", none of which determines it";
  return `${name} by week, ${countOf(weeks.length, "week")}${latest}. The table of the weeks has the figures.`;
}
