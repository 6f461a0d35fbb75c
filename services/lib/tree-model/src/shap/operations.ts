/** Operations of a program, with the numbers of kernel/quadrature.c. */
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

/** Rounds up to a multiple of 4, the float32 lanes of a SIMD vector. */
export function pad(points: number): number {
  return Math.ceil(points / 4) * 4;
}

/**
 * A column computed from another: 0 where its value is a member of the set, 1 elsewhere, NaN by the default
 * direction.
 */
export interface SetColumn {
  /** Index among the kernel's columns, after the features of the model. */
  readonly column: number;
  readonly source: number;
  readonly members: Float32Array;
  readonly defaultLeft: boolean;
}
