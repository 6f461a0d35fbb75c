/** Operations of a program, numbered as in kernel/quadrature.c. */
export const OPERATION = {
  end: 0,
  freshDown: 1,
  freshUp: 2,
  repeatDown: 3,
  repeatUp: 4,
  leaf: 5,
  freshStump: 6,
  repeatStump: 7,
  fork: 8,
} as const;

/** Rounds up to whole SIMD vectors of four float32. */
export function pad(points: number): number {
  return Math.ceil(points / 4) * 4;
}

/** A column made of another: 0 where its value is a member of the set, 1 elsewhere, NaN by the default direction. */
export interface SetColumn {
  /** Its place among the kernels' columns, behind the model's features. */
  readonly column: number;
  readonly source: number;
  readonly members: Float32Array;
  readonly defaultLeft: boolean;
}
