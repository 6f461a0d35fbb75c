import { escapeHtml } from "@bellwether/contract/escape-html";

/** A line of a figure: a value for each position of the x axis; null: no point. */
export interface Series {
  readonly name: string;
  readonly color: string;
  readonly values: readonly (number | null)[];
  /** 95 % intervals of the values. Unset: none are drawn. */
  readonly intervals?: readonly (readonly [low: number, high: number] | null)[];
}

/** A figure over the same positions. */
export interface Figure {
  readonly title: string;
  readonly positions: readonly string[];
  /** Ends of the y axis. */
  readonly from: number;
  readonly to: number;
  readonly series: readonly Series[];
  /** Vertical marks: position and text. */
  readonly marks?: readonly { readonly at: number; readonly text: string }[];
}

const WIDTH = 900;
const HEIGHT = 320;
const MARGIN = { left: 48, right: 16, top: 48, bottom: 36 };
const TICKS = 5;
/** Largest number of labels of the x axis. */
const LABELS = 12;
const at = (value: number): string => value.toFixed(1);

/** Returns a figure as SVG, readable on light and dark pages. The same values make the same bytes. */
export function lineFigure({ title, positions, from, to, series, marks = [] }: Figure): string {
  const step = (WIDTH - MARGIN.left - MARGIN.right) / Math.max(1, positions.length);
  const x = (i: number): number => MARGIN.left + (i + 0.5) * step;
  const y = (value: number): number =>
    MARGIN.top +
    (1 - (Math.min(to, Math.max(from, value)) - from) / (to - from)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const axis = Array.from({ length: TICKS + 1 }, (_, i) => {
    const value = from + ((to - from) * i) / TICKS;
    return `<path d="M${MARGIN.left} ${at(y(value))}H${WIDTH - MARGIN.right}" stroke="#8886"/><text x="${MARGIN.left - 6}" y="${at(y(value) + 4)}" text-anchor="end">${Number(value.toFixed(2))}</text>`;
  });
  const every = Math.ceil(positions.length / LABELS);
  const labels = positions.map((name, i) =>
    i % every === 0 ? `<text x="${at(x(i))}" y="${HEIGHT - 12}" text-anchor="middle">${escapeHtml(name)}</text>` : "",
  );
  const verticals = marks.map(
    ({ at: i, text }) =>
      `<path d="M${at(x(i))} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}" stroke="#888" stroke-dasharray="3 4"/><text x="${at(x(i) + 3)}" y="${MARGIN.top + 10}">${escapeHtml(text)}</text>`,
  );
  const legend = series.map(
    ({ name, color }, i) =>
      `<path d="M${MARGIN.left + i * 200} 30h18" stroke="${color}" stroke-width="3"/><text x="${MARGIN.left + i * 200 + 24}" y="34">${escapeHtml(name)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}" font-family="sans-serif" font-size="12" fill="#777">`,
    `<text x="${MARGIN.left}" y="14" font-size="13">${escapeHtml(title)}</text>`,
    ...[...axis, ...labels, ...verticals, ...legend].filter((part) => part !== ""),
    ...series.map((one) => seriesOf(one, x, y)),
    "</svg>\n",
  ].join("\n");
}

function seriesOf(
  { values, color, intervals = [] }: Series,
  x: (i: number) => number,
  y: (v: number) => number,
): string {
  const points = values.flatMap((value, i) => (value === null ? [] : [{ i, value }]));
  const line = points
    .map(({ i, value }, k) => `${k === 0 || points[k - 1]?.i !== i - 1 ? "M" : "L"}${at(x(i))} ${at(y(value))}`)
    .join("");
  const bars = intervals.flatMap((interval, i) =>
    interval === null ? [] : [`M${at(x(i))} ${at(y(interval[0]))}V${at(y(interval[1]))}`],
  );
  const dots = points.map(({ i, value }) => `<circle cx="${at(x(i))}" cy="${at(y(value))}" r="3" fill="${color}"/>`);
  return `<g fill="none" stroke="${color}" stroke-width="2"><path d="${line}"/><path d="${bars.join("")}" stroke-opacity="0.35" stroke-width="4"/></g>${dots.join("")}`;
}
