import { percent } from "./figures.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import type { DistributionBin } from "./weekly-report.ts";

/** One bar: its label, its length in the unit of the longest bar, and the text at its end. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
}

const WIDTH = 720;
const ROW = 22;
const LABELS = 200;
const TEXTS = 150;

/** Draws horizontal bars below each other, as inline SVG. The figures are also in a table beside it. */
export function barChart(title: string, bars: readonly Bar[]): Markup {
  const longest = Math.max(0, ...bars.map(({ value }) => value));
  if (longest === 0) return NOTHING;
  const rows = bars.map(({ label, value, text }, i) => {
    const [y, width] = [i * ROW, Math.max(1, (value / longest) * (WIDTH - LABELS - TEXTS))];
    return markup`<text x="${LABELS - 8}" y="${y + 15}" text-anchor="end">${shortLabel(label)}</text><rect x="${LABELS}" y="${y + 3}" width="${round(width)}" height="${ROW - 6}"/><text x="${round(LABELS + width + 6)}" y="${y + 15}">${text}</text>`;
  });
  return markup`<svg role="img" aria-label="${title}" viewBox="0 0 ${WIDTH} ${bars.length * ROW}">${rows}</svg>`;
}

const PAIR_WIDTH = 340;
const PAIR_HEIGHT = 90;
/** Height of the line with the labels of the first and the last bin. */
const AXIS = 18;

/**
 * Draws two distributions over the same bins: the reference light, this week dark; with the labels of the first and the
 * last bin, and the share of the highest bar.
 */
export function distributionChart(title: string, bins: readonly DistributionBin[]): Markup {
  const highest = Math.max(0, ...bins.flatMap(({ reference, present }) => [reference, present]));
  if (highest === 0) return NOTHING;
  const step = PAIR_WIDTH / bins.length;
  const bar = (of: string, share: number, x: number): Markup => {
    const height = (share / highest) * PAIR_HEIGHT;
    return markup`<rect class="${of}" x="${round(x)}" y="${round(PAIR_HEIGHT - height)}" width="${round(step * 0.42)}" height="${round(height)}"/>`;
  };
  const bars = bins.map(
    ({ label, reference, present }, i) =>
      markup`<g><title>${label}: ${percent(reference)} before, ${percent(present)} now</title>${bar("before", reference, i * step)}${bar("now", present, i * step + step * 0.44)}</g>`,
  );
  const first = shortLabel(bins[0]?.label ?? "");
  const last = bins.length > 1 ? shortLabel(bins.at(-1)?.label ?? "") : "";
  const y = PAIR_HEIGHT + AXIS - 4;
  return markup`<svg role="img" aria-label="${title}" class="pair" viewBox="0 0 ${PAIR_WIDTH} ${PAIR_HEIGHT + AXIS}">${bars}<line x1="0" x2="${PAIR_WIDTH}" y1="${PAIR_HEIGHT}" y2="${PAIR_HEIGHT}"/><text x="0" y="${y}">${first}</text><text x="${PAIR_WIDTH}" y="${y}" text-anchor="end">${last}</text></svg>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

const shortLabel = (label: string): string => (label.length > 28 ? `${label.slice(0, 27).toWellFormed()}…` : label);
