/** A bar that begins at zero and goes to the left (negative) or to the right. */
export interface DivergingBar {
  /** Left edge and width, in the unit of the box. */
  readonly x: number;
  readonly width: number;
  /** Position of last week's value. Undefined: not known. */
  readonly previousX: number | undefined;
}

/** Values to draw: this week's, and last week's where it is known. */
export interface DivergingValue {
  readonly value: number;
  readonly previous: number | undefined;
}

/** Smallest width of a bar, so that a small value is visible. */
const MIN_WIDTH = 1.5;

/**
 * Lays out bars of one common scale in a box of `width`. Zero is in the middle when there are values of both
 * signs, else at the edge.
 */
export function layOutDiverging(
  values: readonly DivergingValue[],
  width: number,
): { zero: number; bars: DivergingBar[] } {
  const all = values.flatMap(({ value, previous }) => [value, previous ?? 0]).filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
  const scale = high === low ? 0 : width / (high - low);
  const zero = low === 0 ? 0 : -low * scale;
  const at = (value: number): number => zero + value * scale;
  return {
    zero,
    bars: values.map(({ value, previous }) => {
      const size = Math.max(MIN_WIDTH, Math.abs(value) * scale);
      const isDrawn = Number.isFinite(value);
      return {
        x: isDrawn ? (value < 0 ? zero - size : zero) : zero,
        width: isDrawn ? size : 0,
        previousX: previous === undefined || !Number.isFinite(previous) ? undefined : at(previous),
      };
    }),
  };
}
