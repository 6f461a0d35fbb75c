import { DEFAULT_DRIFT_POLICY } from "@bellwether/config/risk-policy";
import { createRandom } from "@bellwether/risk-model/random";
import { describe, expect, test } from "vitest";
import { simulateSuppliers, simulateTraining } from "../../test/simulated-weeks.ts";
import { profileNumbers } from "../profile/numeric-profile.ts";
import type { TrainingProfile } from "../profile/training-profile.ts";
import { compareWeek, type DriftComparison, type WeekValues } from "./compare-week.ts";

const policy = DEFAULT_DRIFT_POLICY;
const ids = (n: number) => Array.from({ length: n }, (_, i) => `S${i}`);
const numbersOf = (values: Float64Array, name = "delay"): WeekValues => ({
  supplierIds: ids(values.length),
  numbers: new Map([[name, values]]),
  categories: new Map(),
  scores: null,
});
const categoriesOf = (values: readonly (string | null)[]): WeekValues => ({
  supplierIds: ids(values.length),
  numbers: new Map(),
  categories: new Map([["region", values]]),
  scores: null,
});
const normals = (n: number, seed: number): Float64Array => {
  const random = createRandom(seed, "normals");
  return Float64Array.from({ length: n }, () => random.normal());
};
const alarms = (comparisons: readonly DriftComparison[]): string[] =>
  comparisons
    .filter(({ outcome }) => outcome === "alarm")
    .map(({ feature, aspect, reference }) => `${feature} ${aspect} ${reference}`);
const weeks = (present: WeekValues, previous: WeekValues, own = policy) =>
  compareWeek(present, { training: null, previous }, own);
const trainedOn = (values: Float64Array, suppliers = values.length): TrainingProfile => ({
  features: [profileNumbers("delay", values, suppliers)],
  score: null,
});

describe("numbers", () => {
  test("a constant that changes its value is an alarm, for all suppliers and for 95 % of them", () => {
    const before = numbersOf(new Float64Array(50).fill(100));
    expect(alarms(weeks(numbersOf(new Float64Array(50).fill(50)), before))).toEqual(["delay values previous-week"]);
    const most = Float64Array.from({ length: 300 }, (_, i) => (i % 20 === 0 ? 100 : 50));
    expect(alarms(weeks(numbersOf(most), numbersOf(new Float64Array(300).fill(100))))).toHaveLength(1);
    const trained = compareWeek(numbersOf(most), { training: trainedOn(new Float64Array(300).fill(100)) }, policy);
    expect(alarms(trained)).toEqual(["delay values training"]);
  });

  test("the effect is the shift in standard deviations, with its sign", () => {
    const values = normals(3_000, 1);
    const [up] = weeks(numbersOf(values.map((x) => x + 0.3)), numbersOf(values));
    expect(up?.effect).toBeCloseTo(0.3, 1);
    expect(up?.shift).toBeCloseTo(0.3, 1);
    expect(weeks(numbersOf(values.map((x) => x - 0.3)), numbersOf(values))[0]?.shift).toBeCloseTo(-0.3, 1);
    const [wide] = weeks(numbersOf(values.map((x) => 2 * x)), numbersOf(values));
    expect(wide).toMatchObject({ outcome: "alarm" });
    expect(Math.abs(wide?.shift ?? 1)).toBeLessThan(0.1);
  });

  test("a shift below the limit of the policy is significant and no alarm; at the limit it is one", () => {
    const values = normals(20_000, 2);
    const shifted = (by: number, own = policy) =>
      weeks(numbersOf(values.map((x) => x + by)), numbersOf(values), own)[0];
    expect(shifted(0.09)).toMatchObject({ outcome: "none" });
    expect(shifted(0.09)?.p).toBeLessThan(1e-6);
    expect(shifted(0.11)).toMatchObject({ outcome: "alarm" });
    expect(shifted(0.09, { ...policy, minShift: 0.08 })).toMatchObject({ outcome: "alarm" });
  });

  test("chance alone makes about the noise that is beside the effect", () => {
    for (const n of [300, 3_000]) {
      const found = Array.from(
        { length: 40 },
        (_, k) => weeks(numbersOf(normals(n, 100 + k)), numbersOf(normals(n, 200 + k)))[0],
      );
      const mean = (of: (one: DriftComparison) => number): number =>
        found.reduce((sum, one) => sum + (one ? of(one) : 0), 0) / found.length;
      expect(mean(({ effect }) => effect) / mean(({ noise }) => noise)).toBeGreaterThan(0.75);
      expect(mean(({ effect }) => effect) / mean(({ noise }) => noise)).toBeLessThan(1.3);
      expect(mean(({ psi }) => psi ?? 0) / mean(({ psiNoise }) => psiNoise ?? 0)).toBeGreaterThan(0.75);
      expect(mean(({ psi }) => psi ?? 0) / mean(({ psiNoise }) => psiNoise ?? 0)).toBeLessThan(1.3);
    }
  });

  test("the deviation of a rare event is its own, and a shift of all rows by a fiftieth of it is no alarm", () => {
    const rare = Float64Array.from({ length: 5_000 }, (_, i) => (i % 1_000 === 0 ? 1 : 0));
    const by = 0.02 * Math.sqrt(0.001 * 0.999);
    expect(alarms(weeks(numbersOf(rare.map((x) => x + by)), numbersOf(rare)))).toEqual([]);
    expect(alarms(weeks(numbersOf(rare.map((x) => x + 8 * by)), numbersOf(rare)))).toHaveLength(1);
  });

  test("other suppliers with other values are found although no supplier has changed", () => {
    const values = normals(1_000, 3);
    const before: WeekValues = numbersOf(values);
    const present: WeekValues = {
      ...numbersOf(Float64Array.from([...values, ...normals(600, 4).map((x) => x + 1.5)])),
      supplierIds: [...before.supplierIds, ...ids(600).map((id) => `new ${id}`)],
    };
    expect(alarms(weeks(present, before))).toEqual(["delay values previous-week"]);
  });

  test("one wrong value in 300 changes neither effect nor deviation", () => {
    const values = normals(300, 5);
    const [one] = weeks(numbersOf(values.with(0, 1e12)), numbersOf(values));
    expect(one?.effect).toBeLessThan(0.05);
    expect(one?.outcome).toBe("none");
  });

  test("many rows of few suppliers count as these suppliers", () => {
    const training = Float64Array.from({ length: 6_000 }, (_, i) => (i % 60) / 17);
    const [few] = compareWeek(numbersOf(normals(100, 6)), { training: trainedOn(training, 60) }, policy);
    expect(few).toMatchObject({ referenceRows: 60, presentRows: 100 });
    const [fewer] = compareWeek(numbersOf(normals(100, 6)), { training: trainedOn(training, 49) }, policy);
    expect(fewer).toMatchObject({ referenceRows: 49, outcome: "too-few", p: null });
  });
});

describe("rows and policy", () => {
  test("49 suppliers are too few for a test, 50 are enough", () => {
    const change = (n: number) => weeks(numbersOf(new Float64Array(n).fill(2)), numbersOf(new Float64Array(n).fill(1)));
    expect(change(49)[0]).toMatchObject({ outcome: "too-few", p: null });
    expect(change(50)[0]).toMatchObject({ outcome: "alarm" });
  });

  test("a feature that moves by construction is compared, and is no alarm", () => {
    const values = normals(500, 7);
    const [age] = weeks(numbersOf(values.map((x) => x + 1)), numbersOf(values), { ...policy, moving: ["delay"] });
    expect(age).toMatchObject({ outcome: "moving", p: null });
    expect(age?.effect).toBeGreaterThan(0.9);
  });

  test("values that are all missing have an alarm about missing values, and no test of values", () => {
    const compared = weeks(numbersOf(new Float64Array(200).fill(Number.NaN)), numbersOf(normals(200, 8)));
    expect(alarms(compared)).toEqual(["delay missing previous-week"]);
    expect(compared.find(({ aspect }) => aspect === "values")).toMatchObject({ outcome: "too-few", effect: 0 });
  });

  test("4 % more missing values are no alarm, 6 % are", () => {
    const values = normals(5_000, 9);
    const missing = (share: number) => numbersOf(values.map((x, i) => (i < share * 5_000 ? Number.NaN : x)));
    expect(alarms(weeks(missing(0.04), missing(0)))).toEqual([]);
    expect(alarms(weeks(missing(0.06), missing(0)))).toEqual(["delay missing previous-week"]);
  });

  test("a feature or a score that a side does not have is not compared; no reference, no comparison", () => {
    expect(weeks(numbersOf(normals(100, 1), "a"), numbersOf(normals(100, 1), "b"))).toEqual([]);
    expect(compareWeek(numbersOf(normals(100, 1)), { training: null }, policy)).toEqual([]);
    const scored = { ...numbersOf(normals(100, 1)), scores: normals(100, 2) };
    expect(weeks(scored, numbersOf(normals(100, 1))).some(({ kind }) => kind === "score")).toBe(false);
    expect(weeks(scored, scored).filter(({ kind }) => kind === "score")).toHaveLength(2);
  });
});

describe("categories", () => {
  const drawn = (n: number, share: number, seed: number) => {
    const random = createRandom(seed, "categories");
    return Array.from({ length: n }, () => (random.uniform() < share ? "c" : random.uniform() < 0.5 ? "a" : "b"));
  };

  test("a category that grows from 20 to 40 % is found and named", () => {
    const [grown] = weeks(categoriesOf(drawn(400, 0.4, 1)), categoriesOf(drawn(400, 0.2, 2)));
    expect(grown).toMatchObject({ outcome: "alarm", category: "c", aspect: "values" });
    expect(grown?.shift).toBeGreaterThan(0.1);
  });

  test("a new category is found; the same shares are not", () => {
    const before = drawn(500, 0.2, 3);
    const [renamed] = weeks(categoriesOf(before.map((value) => (value === "c" ? "C" : value))), categoriesOf(before));
    expect(renamed).toMatchObject({ outcome: "alarm" });
    expect(alarms(weeks(categoriesOf(drawn(500, 0.2, 4)), categoriesOf(before)))).toEqual([]);
  });

  test("1,000 different categories are compared in bounded size", () => {
    const many = Array.from({ length: 3_000 }, (_, i) => `c${(i * 7) % 1_000}`);
    const [one] = weeks(categoriesOf(many.toReversed()), categoriesOf(many));
    expect(one?.outcome).toBe("none");
    expect(one?.bins.length).toBeLessThanOrEqual(24);
    expect(one?.bins.reduce((sum, { presentShare }) => sum + presentShare, 0)).toBeCloseTo(1, 9);
  });
});

test("simulated weeks without drift have no alarm at 300 and at 3,000 rows", () => {
  for (const rows of [300, 3_000]) {
    const training = simulateTraining(rows, 1);
    const suppliers = simulateSuppliers(rows, 1, "weeks");
    let previous = suppliers.nextWeek();
    for (let week = 0; week < 4; week++) {
      const present = suppliers.nextWeek();
      const compared = compareWeek(present, { training, previous }, policy);
      expect(alarms(compared)).toEqual([]);
      expect(compared.every(({ bins }) => bins.length <= 24)).toBe(true);
      previous = present;
    }
  }
});

test("a feature that grows by 3 % each week is found against the training, not against the week before", () => {
  const training = simulateTraining(3_000, 2);
  const suppliers = simulateSuppliers(3_000, 2, "trend");
  let previous = suppliers.nextWeek();
  const found: string[] = [];
  for (let week = 1; week <= 8; week++) {
    const next = suppliers.nextWeek();
    const grown = next.numbers.get("skewed")?.map((x) => x * 1.03 ** week) ?? new Float64Array();
    const present = { ...next, numbers: new Map([...next.numbers, ["skewed", grown]]) };
    found.push(...alarms(compareWeek(present, { training, previous }, policy)));
    previous = present;
  }
  expect(new Set(found)).toContain("skewed values training");
  expect(found).not.toContain("skewed values previous-week");
});
