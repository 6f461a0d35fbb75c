const FLOAT = new Float32Array(1);
const BITS = new Int32Array(FLOAT.buffer);

/** The largest float32 below a float32 (`x` is rounded first); −Infinity and NaN stay what they are. */
export function nextFloat32Below(x: number): number {
  if (Number.isNaN(x) || x === Number.NEGATIVE_INFINITY) return x;
  FLOAT[0] = x;
  const bits = BITS[0] ?? 0;
  if (FLOAT[0] === 0) BITS[0] = 0x80000001 | 0;
  else BITS[0] = bits > 0 ? bits - 1 : bits + 1;
  return FLOAT[0];
}

/** The smallest float32 above a float32 (`x` is rounded first); +Infinity and NaN stay what they are. */
export function nextFloat32Above(x: number): number {
  return -nextFloat32Below(-x);
}

/** The largest float32 that is not above `x`: for a float32 row, `row ≤ x` and `row ≤ floorToFloat32(x)` are one question. */
export function floorToFloat32(x: number): number {
  const rounded = Math.fround(x);
  return rounded > x ? nextFloat32Below(rounded) : rounded;
}

/** The largest float32 strictly below `x`: for a float32 row, `row < x` and `row ≤ belowAsFloat32(x)` are one question. */
export function belowAsFloat32(x: number): number {
  const floor = floorToFloat32(x);
  return floor === x ? nextFloat32Below(floor) : floor;
}
