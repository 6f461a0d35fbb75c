import { isoWeekNumber } from "@bellwether/contract/iso-week";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
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
  /** The model version that computed the score. Undefined: not known. */
  readonly model?: { readonly version: string } | undefined;
  /** The scores from which the bands of the model version begin. Undefined: not recorded. */
  readonly bandLimits?: { readonly medium: number; readonly high: number } | undefined;
}

/** Something that happened in a week. */
export interface WeekMark {
  readonly isoWeek: string;
  readonly text: string;
}

/** The limit between a band and the one below it. */
export interface BandLimit {
  readonly band: Band;
  /** The middle between the lowest score of the band and the highest score below it, in [0, 1]. */
  readonly score: number;
}

/** The line of a limit, in the weeks in which it was valid. */
export interface LimitLine {
  readonly band: Band;
  readonly y: number;
  readonly x1: number;
  readonly x2: number;
  /** The limit. Undefined: it was not recorded, and the line is where the scores show it to be. */
  readonly score: number | undefined;
  /** Whether it is the limit of the latest week. */
  readonly isLatest: boolean;
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
  readonly limits: readonly LimitLine[];
  /** The weeks with another model version than the week before. */
  readonly modelChanges: readonly { readonly x: number; readonly name: string }[];
  /** The marks whose week is on the axis. */
  readonly marks: readonly (WeekMark & { readonly x: number })[];
}

/**
 * Computes the coordinates of scores over time: x by week, with space for missing weeks; y from 0 at the
 * bottom to 1 at the top. The input can have any order.
 */
export function layOutScoreHistory(
  scores: readonly WeekScore[],
  box: PlotBox,
  decisions: readonly WeekMark[] = [],
): ScoreHistory {
  const dated = scores
    .flatMap((score) => {
      const week = isoWeekNumber(score.isoWeek);
      return week === undefined ? [] : [{ ...score, week }];
    })
    .sort((a, b) => a.week - b.week);
  const [first, last] = [dated.at(0), dated.at(-1)];
  if (!first || !last) return { points: [], lines: [], weeks: [], limits: [], modelChanges: [], marks: [] };

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
    limits: limitLines(
      dated.map(({ week, bandLimits }) => ({ x: x(week), bandLimits })),
      placed,
      { box, y },
    ),
    modelChanges: dated.flatMap(({ week, model }, i) => {
      const before = dated[i - 1]?.model?.version;
      return before && model && model.version !== before ? [{ x: x(week), name: model.version }] : [];
    }),
    marks: decisions.flatMap((decision) => {
      const week = isoWeekNumber(decision.isoWeek);
      return week === undefined || week < first.week || week > last.week ? [] : [{ ...decision, x: x(week) }];
    }),
  };
}

/**
 * Returns the lines of the band limits: those that the weeks recorded, a new line where a limit changes. If no week
 * recorded them, the lines are estimated from the scores.
 */
function limitLines(
  weeks: readonly { readonly x: number; readonly bandLimits?: WeekScore["bandLimits"] }[],
  placed: readonly ScorePoint[],
  { box, y }: { readonly box: PlotBox; readonly y: (score: number) => number },
): LimitLine[] {
  const recorded = weeks.flatMap(({ x, bandLimits: limits }) => (limits ? [{ x, limits }] : []));
  if (recorded.length === 0) {
    const whole = { x1: box.left, x2: box.right, score: undefined, isLatest: true };
    return bandLimits(placed).map(({ band, score }) => ({ band, y: y(score), ...whole }));
  }
  const bands = [
    [Band.MEDIUM, "medium"],
    [Band.HIGH, "high"],
  ] as const;
  return bands.flatMap(([band, key]) => {
    const starts = recorded.filter(({ limits }, i) => limits[key] !== recorded[i - 1]?.limits[key]);
    return starts.map(({ x, limits }, i) => {
      const score = limits[key];
      const next = starts[i + 1];
      // One week alone has no width on the axis, so the latest line ends at the border of the plot.
      return { band, score, y: y(score), x1: i === 0 ? box.left : x, x2: next?.x ?? box.right, isLatest: !next };
    });
  });
}

/**
 * Returns the limits between bands that the scores show: a limit is known when there is a score on both sides
 * of it, and no score on the wrong side.
 */
export function bandLimits(scores: readonly { readonly riskScore: number; readonly band: Band }[]): BandLimit[] {
  return [Band.MEDIUM, Band.HIGH].flatMap((band) => {
    const above = scores.filter((score) => score.band >= band).map(({ riskScore }) => riskScore);
    const below = scores
      .filter((score) => score.band < band && score.band >= Band.LOW)
      .map(({ riskScore }) => riskScore);
    const [lowest, highest] = [Math.min(...above), Math.max(...below)];
    return above.length > 0 && below.length > 0 && lowest >= highest ? [{ band, score: (lowest + highest) / 2 }] : [];
  });
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
