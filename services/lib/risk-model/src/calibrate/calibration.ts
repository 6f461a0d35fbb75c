import type { Calibration, FeatureBundle } from "../bundle/feature-bundle.ts";

const logistic = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const clip01 = (x: number): number => Math.min(1, Math.max(0, x));

/** Piecewise linear between the knots, constant beyond them. */
function interpolate(x: readonly number[], y: readonly number[], at: number): number {
  let low = 0;
  let high = x.length - 1;
  if (at <= (x[low] ?? 0)) return y[low] ?? 0;
  if (at >= (x[high] ?? 0)) return y[high] ?? 0;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) <= at) low = middle;
    else high = middle;
  }
  const x0 = x[low] ?? 0;
  const y0 = y[low] ?? 0;
  return y0 + (((y[high] ?? 0) - y0) * (at - x0)) / ((x[high] ?? 1) - x0);
}

/**
 * The calibrated probability of the risk class for one model output.
 * @param output Margin or probability as `outputSpace` says; finite.
 * @returns In [0, 1], never falling as the output rises; NaN for a raw regressor, which has no probability.
 */
export function calibratedRisk(bundle: Pick<FeatureBundle, "calibration" | "outputSpace">, output: number): number {
  const { calibration, outputSpace } = bundle;
  if (calibration.kind === "platt") return logistic(calibration.slope * output + calibration.intercept);
  if (calibration.kind === "isotonic") return clip01(interpolate(calibration.x, calibration.y, output));
  if (outputSpace === "margin") return logistic(output);
  return outputSpace === "probability" ? clip01(output) : Number.NaN;
}

/**
 * Platt scaling with smoothed targets by Newton's method with backtracking (Lin, Lin & Weng, "A note on Platt's probabilistic outputs",
 * Machine Learning 2007).
 */
export function fitPlatt(outputs: Float64Array, labels: Uint8Array): Calibration {
  const n = outputs.length;
  let positives = 0;
  for (const label of labels) positives += label;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (n - positives + 2);
  const loss = (slope: number, intercept: number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const z = slope * (outputs[i] as number) + intercept;
      const target = labels[i] === 1 ? high : low;
      sum += Math.max(z, 0) - z * target + Math.log1p(Math.exp(-Math.abs(z)));
    }
    return sum;
  };
  let slope = 0;
  let intercept = Math.log((positives + 1) / (n - positives + 1));
  let current = loss(slope, intercept);
  for (let iteration = 0; iteration < 100; iteration++) {
    let gs = 0;
    let gi = 0;
    let hss = 1e-12;
    let hsi = 0;
    let hii = 1e-12;
    for (let i = 0; i < n; i++) {
      const x = outputs[i] as number;
      const p = logistic(slope * x + intercept);
      const d = p - (labels[i] === 1 ? high : low);
      const w = p * (1 - p);
      gs += d * x;
      gi += d;
      hss += w * x * x;
      hsi += w * x;
      hii += w;
    }
    if (Math.abs(gs) < 1e-8 && Math.abs(gi) < 1e-8) break;
    const determinant = hss * hii - hsi * hsi;
    if (!(determinant > 0)) break;
    const ds = -(hii * gs - hsi * gi) / determinant;
    const di = -(hss * gi - hsi * gs) / determinant;
    let step = 1;
    let moved = false;
    for (; step > 1e-10; step /= 2) {
      const next = loss(slope + step * ds, intercept + step * di);
      if (next < current) {
        slope += step * ds;
        intercept += step * di;
        current = next;
        moved = true;
        break;
      }
    }
    if (!moved) break;
  }
  // a falling or flat curve would turn the ranking round: such a model is left as it is
  return slope > 0 ? { kind: "platt", slope, intercept } : { kind: "none" };
}

/** Isotonic regression by pooling adjacent violators (Ayer et al. 1955), knots at the pools' mean outputs. */
export function fitIsotonic(outputs: Float64Array, labels: Uint8Array): Calibration {
  const order = Array.from(outputs.keys()).sort((a, b) => (outputs[a] as number) - (outputs[b] as number) || a - b);
  const pools: { x: number; y: number; n: number; last: number }[] = [];
  for (const i of order) {
    const x = outputs[i] as number;
    const tail = pools[pools.length - 1];
    if (tail !== undefined && tail.last === x) {
      tail.y += labels[i] as number;
      tail.x += x;
      tail.n++;
    } else pools.push({ x, y: labels[i] as number, n: 1, last: x });
    for (
      let b = pools.at(-1), a = pools.at(-2);
      a !== undefined && b !== undefined && a.y * b.n >= b.y * a.n;
      b = pools.at(-1), a = pools.at(-2)
    ) {
      a.x += b.x;
      a.y += b.y;
      a.n += b.n;
      a.last = b.last;
      pools.pop();
    }
  }
  return { kind: "isotonic", x: pools.map((p) => p.x / p.n), y: pools.map((p) => p.y / p.n) };
}

/** Positives from which isotonic regression has enough to go by. */
const ISOTONIC_POSITIVES = 1_000;

/** Platt below 1,000 positives, isotonic from there on; nothing when the held-out rows hold one class only. */
export function fitCalibration(outputs: Float64Array, labels: Uint8Array): Calibration {
  let positives = 0;
  for (const label of labels) positives += label;
  if (positives === 0 || positives === labels.length) return { kind: "none" };
  return positives < ISOTONIC_POSITIVES ? fitPlatt(outputs, labels) : fitIsotonic(outputs, labels);
}
