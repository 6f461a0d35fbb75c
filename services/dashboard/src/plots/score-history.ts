import { isoWeekNumber } from "@bellwether/contract/iso-week";
import type { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { linearScale } from "./linear-scale.ts";

/** The inner box of a plot, in pixels of its viewBox. */
export interface PlotBox {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A supplier's score in one week. */
export interface WeekScore {
  /** ISO week of the score, for example "2026-W47". */
  readonly isoWeek: string;
  /** The risk score, in [0, 1]. Undefined: the band is unknown. */
  readonly riskScore?: number | undefined;
  readonly band: Band;
}

/** A score with its coordinates. */
export interface ScorePoint {
  readonly isoWeek: string;
  readonly riskScore: number;
  readonly band: Band;
  readonly x: number;
  readonly y: number;
}

/** The geometry of the plot. */
export interface ScoreHistory {
  /** The points of the plot, oldest week first. */
  readonly points: readonly ScorePoint[];
  /** SVG paths, one per sequence of consecutive weeks. A week without a score ends a path. */
  readonly lines: readonly string[];
  /** The first and the last week of the axis. With one week both are the same; without weeks there are none. */
  readonly weeks: readonly { readonly isoWeek: string; readonly x: number }[];
}

/**
 * Computes the coordinates of scores over time: x by week, with space for missing weeks; y from 0 at the
 * bottom to 1 at the top. The input can have any order.
 */
export function layOutScoreHistory(scores: readonly WeekScore[], box: PlotBox): ScoreHistory {
  const dated = scores
    .flatMap((score) => {
      const week = isoWeekNumber(score.isoWeek);
      return week === undefined ? [] : [{ ...score, week }];
    })
    .sort((a, b) => a.week - b.week);
  const [first, last] = [dated.at(0), dated.at(-1)];
  if (!first || !last) return { points: [], lines: [], weeks: [] };

  const x = linearScale([first.week, last.week], [box.left, box.right]);
  const y = linearScale([0, 1], [box.bottom, box.top]);
  const placed = dated.flatMap(({ isoWeek, riskScore, band, week }) =>
    riskScore === undefined || !Number.isFinite(riskScore)
      ? []
      : [{ isoWeek, riskScore, band, week, x: x(week), y: y(Math.min(1, Math.max(0, riskScore))) }],
  );
  const ends = first.week === last.week ? [first] : [first, last];
  return {
    points: placed.map(({ week: _week, ...point }) => point),
    lines: stretches(placed).map(linePath),
    weeks: ends.map(({ isoWeek, week }) => ({ isoWeek, x: x(week) })),
  };
}

function stretches<T extends { readonly week: number }>(points: readonly T[]): T[][] {
  const found: T[][] = [];
  for (const point of points) {
    const current = found.at(-1);
    if (current?.at(-1)?.week === point.week - 1) current.push(point);
    else found.push([point]);
  }
  return found.filter(({ length }) => length > 1);
}

function linePath(points: readonly { readonly x: number; readonly y: number }[]): string {
  return `M${points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
}
