const FLOAT = new Float32Array(1);
const BITS = new Int32Array(FLOAT.buffer);

/** Largest finite float32. A larger number would reach the trees as infinity. */
export const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

/**
 * Returns the largest float32 below `x`, which is rounded to float32 first. −Infinity and NaN are returned
 * unchanged.
 */
export function nextFloat32Below(x: number): number {
  if (Number.isNaN(x) || x === Number.NEGATIVE_INFINITY) return x;
  FLOAT[0] = x;
  const bits = BITS[0];
  if (FLOAT[0] === 0) BITS[0] = 0x80000001 | 0;
  else BITS[0] = bits > 0 ? bits - 1 : bits + 1;
  return FLOAT[0];
}

/**
 * Returns the smallest float32 above `x`, which is rounded to float32 first. +Infinity and NaN are returned
 * unchanged.
 */
export function nextFloat32Above(x: number): number {
  return -nextFloat32Below(-x);
}

/** Returns the largest float32 at or below a number. Infinities and NaN are returned unchanged. */
export function float32AtMost(x: number): number {
  const rounded = Math.fround(x);
  return rounded > x ? nextFloat32Below(rounded) : rounded;
}

const ORDER_OF_INFINITY = 0x7f800000;

/**
 * Returns the largest float32, infinities included, for which `holds` is true; NaN when it is true for none.
 * @param holds Monotone: true up to some value and false for all greater ones.
 */
export function lastFloat32Where(holds: (x: number) => boolean): number {
  let low = -ORDER_OF_INFINITY - 1;
  let high = ORDER_OF_INFINITY;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(float32At(middle))) low = middle;
    else high = middle - 1;
  }
  return low < -ORDER_OF_INFINITY ? Number.NaN : float32At(low);
}

/** Returns the float32 at an index of the ascending order: 0 at 0, −Infinity at −ORDER_OF_INFINITY. */
function float32At(order: number): number {
  BITS[0] = order >= 0 ? order : -order | 0x80000000;
  return FLOAT[0];
}
