import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { calibratedRisk } from "./calibration.ts";
import { type CalibrationRows, chooseCalibration, type UnseenOutputs } from "./choose-calibration.ts";
import { plattCurve } from "./fit-platt.ts";
import { slopeInterval } from "./slope-interval.ts";

/** Rows whose labels are drawn from logistic(slope × output + intercept), five per supplier. */
function drawn(slope: number, intercept: number, n: number, seed = 1): UnseenOutputs {
  const random = createRandom(seed, `slope ${slope}`);
  const outputs = new Float64Array(n).map(() => 2 * random.normal());
  const labels = outputs.map((x) => (random.uniform() < 1 / (1 + Math.exp(-slope * x - intercept)) ? 1 : 0));
  return {
    from: "out of fold by supplier",
    outputs,
    labels: Uint8Array.from(labels),
    suppliers: Array.from({ length: n }, (_, i) => `s${Math.floor(i / 5)}`),
  };
}
const source =
  (unseen: UnseenOutputs, from: CalibrationRows = unseen.from) =>
  async () => ({ ...unseen, from });

test("a clearly increasing curve is used: Platt scaling below 1,000 positives, else isotonic regression", async () => {
  const positives = (unseen: UnseenOutputs, count: number): UnseenOutputs => {
    const ones = Array.from(unseen.labels.keys()).filter((i) => unseen.labels[i] === 1);
    const kept = new Set(ones.slice(0, count));
    return { ...unseen, labels: unseen.labels.map((_, i) => (kept.has(i) ? 1 : 0)) };
  };
  const many = drawn(1, 0, 4_000);
  const kindOf = async (count: number) =>
    (await chooseCalibration([source(positives(many, count))], "margin")).calibration.kind;
  expect([await kindOf(999), await kindOf(1_000)]).toEqual(["platt", "isotonic"]);
});

test("a flat curve is rejected with its interval, and the next outputs are tried", async () => {
  const flat = drawn(0, -2, 400);
  const good = drawn(1, -1, 400);
  const chosen = await chooseCalibration([source(flat), source(good, "out of fold by time")], "margin");
  expect(chosen).toMatchObject({ from: "out of fold by time", rows: 400, calibration: { kind: "platt" } });
  expect(chosen.rejected).toMatchObject([{ from: "out of fold by supplier" }]);
  expect(chosen.rejected[0]?.interval[0]).toBeLessThan(0);
});

test("outputs that are not needed are not computed", async () => {
  const unexpected = () => Promise.reject(new Error("made without need"));
  await expect(chooseCalibration([source(drawn(1, 0, 300)), unexpected], "margin")).resolves.toBeDefined();
});

test("without an increasing curve, scores keep their spread and are right on average", async () => {
  const flat = drawn(0, -2, 400);
  const { calibration, slope, rejected } = await chooseCalibration([source(flat)], "margin");
  expect([calibration.kind, slope, rejected.length]).toEqual(["intercept", null, 1]);
  const scores = flat.outputs.map((output) => calibratedRisk({ calibration, outputSpace: "margin" }, output));
  const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
  expect(sum(scores)).toBeCloseTo(sum(flat.labels), 6);
  expect(Math.max(...scores) - Math.min(...scores)).toBeGreaterThan(0.5);
});

test("a curve that increases significantly but only a little is rejected, because all scores would be nearly equal", async () => {
  const hardly = drawn(0.05, 0, 60_000);
  const { rejected, calibration } = await chooseCalibration([source(hardly)], "margin");
  expect(rejected[0]?.interval[0]).toBeGreaterThan(0);
  expect(calibration.kind).toBe("intercept");
});

test.each([0, 1])("rows of class %i only have no calibration", async (label) => {
  const one = { ...drawn(1, 0, 50), labels: new Uint8Array(50).fill(label) };
  expect((await chooseCalibration([source(one)], "margin")).calibration).toEqual({ kind: "none" });
});

test("the slope's interval covers the true slope in 92 to 98 % of 400 draws", () => {
  let covered = 0;
  for (let seed = 0; seed < 400; seed++) {
    const { outputs, labels, suppliers } = drawn(0.8, -1, 400, seed);
    const [low, high] = slopeInterval(plattCurve(outputs, labels), outputs, labels, suppliers);
    if (low <= 0.8 && 0.8 <= high) covered++;
  }
  expect(covered / 400).toBeGreaterThan(0.92);
  expect(covered / 400).toBeLessThan(0.98);
});

test("the slope's interval is wider when rows of the same supplier are similar", () => {
  const { outputs, labels } = drawn(1, 0, 300);
  const repeated = Float64Array.from({ length: 1_500 }, (_, i) => outputs[Math.floor(i / 5)] ?? 0);
  const same = Uint8Array.from({ length: 1_500 }, (_, i) => labels[Math.floor(i / 5)] ?? 0);
  const width = (supplierOf: (row: number) => string) => {
    const [low, high] = slopeInterval(
      plattCurve(repeated, same),
      repeated,
      same,
      Array.from(repeated.keys(), supplierOf),
    );
    return high - low;
  };
  expect(width((row) => `s${Math.floor(row / 5)}`)).toBeGreaterThan(2 * width((row) => `s${row}`));
});

test("the interval is infinite for one supplier and for outputs without spread", () => {
  const { outputs, labels } = drawn(1, 0, 50);
  const open = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  expect(slopeInterval(plattCurve(outputs, labels), outputs, labels, Array(50).fill("s"))).toEqual(open);
  const flat = new Float64Array(50).fill(0.3);
  expect(
    slopeInterval(
      plattCurve(flat, labels),
      flat,
      labels,
      Array.from({ length: 50 }, (_, i) => `${i}`),
    ),
  ).toEqual(open);
});
