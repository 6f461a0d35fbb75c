import { DEFAULT_PROMOTION_POLICY } from "@bellwether/config/promotion-policy";
import { describe, expect, test } from "vitest";
import { EQUAL_REST, simulatePair } from "../../test/simulated-challenger.ts";
import { createRandom } from "../random.ts";
import type { GateCheckName } from "./gate-check.ts";
import { type GateInput, type GateResult, gateChallenger, unmeasuredChallenger } from "./promotion-gate.ts";

const SIMULATION = { rows: 4_000, rowsPerSupplier: 2, sharedError: 0.8, championError: 1.6, challengerError: 0.3 };
/** A challenger that is much better. */
const BETTER = simulatePair(createRandom(1, "better"), SIMULATION);
const swapped = ({ championScores, challengerScores, ...rest }: GateInput): GateInput => ({
  ...rest,
  championScores: challengerScores,
  challengerScores: championScores,
});
const checkIn = ({ checks }: GateResult, name: GateCheckName) => {
  const found = checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`no check ${name}`);
  return found;
};
const gate = (over: Partial<GateInput>): GateResult => gateChallenger({ ...BETTER, ...over });
const rowsOf = (input: GateInput, rows: number): GateInput => ({
  ...input,
  championScores: input.championScores.slice(0, rows),
  challengerScores: input.challengerScores.slice(0, rows),
  labels: input.labels.slice(0, rows),
  supplierIds: input.supplierIds.slice(0, rows),
});

test("a better challenger passes every check, with figures, intervals, bounds and reasons", () => {
  const result = gate({});
  expect(result.verdict).toBe("PASS");
  expect(result).toMatchObject({ rows: 4_000, suppliers: 2_000 });
  const { champion, challenger, figure, low, high, bound, reason } = checkIn(result, "auc");
  expect(Number(challenger) - Number(champion)).toBeCloseTo(Number(figure), 12);
  expect(Number(low)).toBeGreaterThan(0);
  expect(Number(high)).toBeGreaterThan(Number(figure));
  expect(bound).toBe(0);
  expect(reason).toMatch(/^AUC \+0\.\d{4} \(95 %: \+0\.\d{4} to \+0\.\d{4}\), bound \+0\.0000$/);
  for (const { name, reason: text } of result.checks) expect([name, text === ""]).toEqual([name, false]);
});

test("the same input has the same result, and the other way round it fails", () => {
  expect(gate({})).toEqual(gate({}));
  const worse = gateChallenger(swapped(BETTER));
  expect(worse.verdict).toBe("FAIL");
  expect(checkIn(worse, "auc")).toMatchObject({ outcome: "failed" });
});

test("a challenger with the scores of the champion is held: it is not shown to be better", () => {
  const equal = gate({ challengerScores: BETTER.championScores });
  expect(equal.verdict).toBe("HELD");
  expect(checkIn(equal, "auc")).toMatchObject({ outcome: "held", figure: 0 });
  const policy = { ...DEFAULT_PROMOTION_POLICY, minAucGain: -0.005 };
  expect(gate({ challengerScores: BETTER.championScores, policy }).verdict).toBe("PASS");
});

test("a row of a random sample counts as the suppliers that it represents", () => {
  // Repeating a row and giving it a weight say the same; the repeated rows are of the same supplier.
  const few = rowsOf(BETTER, 400);
  const times = few.labels.map((_, row) => 1 + (row % 3));
  const repeated = [...times].flatMap((count, row) => new Array<number>(count).fill(row));
  const pick = <T>(values: ArrayLike<T>): T[] => repeated.map((row) => values[row] as T);
  const weighted = gateChallenger({ ...few, weights: Float64Array.from(times) });
  const all = gateChallenger({
    ...{ ...few, labels: Uint8Array.from(pick(few.labels)), supplierIds: pick(few.supplierIds) },
    championScores: Float64Array.from(pick(few.championScores)),
    challengerScores: Float64Array.from(pick(few.challengerScores)),
  });
  for (const name of ["auc", "average_precision", "brier"] as const)
    for (const figure of ["champion", "challenger", "low", "high"] as const)
      expect([name, figure, checkIn(weighted, name)[figure]]).toEqual([
        ...[name, figure, expect.closeTo(Number(checkIn(all, name)[figure]), 9)],
      ]);
  expect(weighted.references[0]?.brier).toBeCloseTo(Number(all.references[0]?.brier), 9);
  expect(checkIn(weighted, "auc").champion).not.toBeCloseTo(Number(checkIn(gateChallenger(few), "auc").champion), 6);
});

describe("bad input", () => {
  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("a weight of %d is rejected", (weight) => {
    expect(() => gate({ weights: new Float64Array(4_000).fill(weight) })).toThrow("weights are above 0");
  });

  test("a window without labels is held, and says so", () => {
    const none = gateChallenger(rowsOf(BETTER, 0));
    expect(none).toMatchObject({ verdict: "HELD", rows: 0, plots: null });
    expect(checkIn(none, "window").reason).toBe("no row of the window has a known outcome");
    expect(checkIn(none, "auc")).toMatchObject({ outcome: "not_made", figure: null });
  });

  test.each([
    [0, "the risk occurred at no supplier of the window"],
    [1, "the risk occurred at every supplier of the window"],
  ])("labels of the class %i only are held", (label, reason) => {
    const one = gate({ labels: new Uint8Array(4_000).fill(label) });
    expect(one.verdict).toBe("HELD");
    expect(checkIn(one, "window").reason).toBe(reason);
    expect(checkIn(one, "auc")).toMatchObject({ outcome: "not_made", low: null });
  });

  test("three labels are held: they have figures, and no interval", () => {
    const three = gateChallenger({
      ...rowsOf(BETTER, 3),
      labels: Uint8Array.of(1, 0, 0),
      supplierIds: ["a", "b", "c"],
    });
    expect(three.verdict).toBe("HELD");
    expect(checkIn(three, "window").reason).toContain("1 suppliers with the risk and 2 without: at least 30");
    expect(checkIn(three, "brier")).toMatchObject({ outcome: "not_made", low: null, high: null });
    expect(checkIn(three, "brier").figure).not.toBeNull();
  });

  test("other labels, scores out of range and arrays of other lengths are errors", () => {
    const labels = BETTER.labels.slice();
    labels[7] = 2;
    expect(() => gate({ labels })).toThrow("label 2 in row 7: the labels are 0 and 1");
    expect(() => gate({ labels: new Uint8Array(3) })).toThrow("differ in their number of rows");
    for (const score of [1.5, -0.1, Number.POSITIVE_INFINITY])
      expect(() => gate({ challengerScores: BETTER.challengerScores.with(5, score) })).toThrow(
        "in row 5 is not in [0, 1]",
      );
  });

  test("a challenger that leaves rows without a score fails above 1 %", () => {
    const without = (rows: number) => BETTER.challengerScores.map((score, i) => (i < rows ? Number.NaN : score));
    expect(checkIn(gate({ challengerScores: without(40) }), "unscored").outcome).toBe("passed");
    expect(gate({ challengerScores: without(41) }).verdict).toBe("FAIL");
    const all = gate({ challengerScores: without(4_000) });
    expect(all.verdict).toBe("FAIL");
    expect(checkIn(all, "window").reason).toContain("the risk occurred at no supplier");
  });

  test("a challenger that could not be measured fails with the reason", () => {
    expect(unmeasuredChallenger("it took longer than 600 s")).toMatchObject({
      verdict: "FAIL",
      checks: [{ name: "measured", outcome: "failed", reason: "it took longer than 600 s" }],
    });
  });
});

test("a challenger that was trained on rows of the window is held", () => {
  const seen = gate({ trainedRows: { champion: 0, challenger: 12 } });
  expect(seen.verdict).toBe("HELD");
  expect(checkIn(seen, "window").reason).toBe("the challenger may have been trained on 12 of 4000 rows");
  expect(gate({ trainedRows: { champion: 9, challenger: 0 } }).verdict).toBe("PASS");
});

test("probabilities that are too high by 0.1 fail, although the ranking is better", () => {
  const high = gate({ challengerScores: BETTER.challengerScores.map((score) => Math.min(1, score + 0.1)) });
  expect(high.verdict).toBe("FAIL");
  expect(checkIn(high, "auc").outcome).toBe("passed");
  expect(checkIn(high, "calibration_error").outcome).toBe("failed");
});

test("a segment whose scores are noise fails, also when the whole is better", () => {
  const random = createRandom(2, "segments");
  const segmentOf = Array.from(BETTER.labels, (_, i) => `region ${Math.floor(i / 2) % 10}`);
  const challengerScores = BETTER.challengerScores.map((score, i) =>
    segmentOf[i] === "region 3" ? (BETTER.challengerScores[random.below(4_000)] ?? 0) : score,
  );
  const segments = [{ name: "region", segmentOf }];
  expect(gate({ segments }).verdict).toBe("PASS");
  const found = gate({ segments, challengerScores });
  expect(found.verdict).toBe("FAIL");
  expect(checkIn(found, "auc").outcome).toBe("passed");
  expect(checkIn(found, "segments").reason).toContain("worse outside chance: region region 3");
  expect(found.segments[0]).toMatchObject({ dimension: "region", segment: "region 3", isWorse: true });
});

describe("parity", () => {
  const explanation = (over: object) => ({
    ...EQUAL_REST.explanations,
    challenger: { additivityError: 1e-7, importance: new Map([["age", 1]]), ...over },
  });

  test("contributions that do not add up fail, NaN included; so does a challenger without any", () => {
    const outcomeOf = (additivityError: number) =>
      checkIn(gate({ explanations: explanation({ additivityError }) }), "additivity").outcome;
    expect([1e-5, 1.1e-5, Number.NaN].map(outcomeOf)).toEqual(["passed", "failed", "failed"]);
    const none = gate({ explanations: { ...EQUAL_REST.explanations, challenger: null } });
    expect(checkIn(none, "additivity").outcome).toBe("failed");
    const neither = gate({ explanations: { champion: null, challenger: null } });
    expect([checkIn(neither, "additivity").outcome, neither.verdict]).toEqual(["not_made", "PASS"]);
  });

  test("the opposite order of the features is held", () => {
    const importance = new Map([
      ["late_ratio", 0.1],
      ["disputes", 0.3],
      ["age", 0.5],
    ]);
    const other = gate({ explanations: explanation({ importance }) });
    expect(other.verdict).toBe("HELD");
    expect(checkIn(other, "importance")).toMatchObject({ outcome: "held", figure: -1, bound: 0.5 });
  });

  test("other classes fail, other band limits are held", () => {
    const { champion } = EQUAL_REST.contracts;
    const risk = { ...champion.classes, risk: "late" };
    expect(gate({ contracts: { champion, challenger: { ...champion, classes: risk } } }).verdict).toBe("FAIL");
    const bands = gate({ contracts: { champion, challenger: { ...champion, bands: { high: 0.5, medium: 0.2 } } } });
    expect(bands.verdict).toBe("HELD");
    expect(checkIn(bands, "contract").reason).toBe("band limits 0.2 and 0.5 in place of 0.2 and 0.4");
  });

  test("latency: slower fails, unclear is held, and a row below 1 ms is accepted", () => {
    const times = (ms: number, spread = 0.01) => Array.from({ length: 21 }, (_, i) => ms * (1 + (i - 10) * spread));
    const outcomeOf = (champion: readonly number[], challenger: readonly number[]) =>
      checkIn(gate({ rowTimes: { champion, challenger } }), "latency").outcome;
    expect(outcomeOf(times(2), times(3))).toBe("passed");
    expect(outcomeOf(times(2), times(6))).toBe("failed");
    expect(outcomeOf(times(2), times(4, 0.05))).toBe("held");
    expect(outcomeOf(times(0.1), times(0.8))).toBe("passed");
    expect([outcomeOf([], times(1)), outcomeOf(times(1), times(0))]).toEqual(["not_made", "not_made"]);
  });

  test("alerts: 20 % change passes, more is held, and so are alerts that are not known", () => {
    const outcomeOf = (open: number, closed: number, opened: number) =>
      checkIn(gate({ alerts: { open, closed, opened, text: "open alerts" } }), "alerts").outcome;
    expect([outcomeOf(100, 12, 8), outcomeOf(100, 12, 9)]).toEqual(["passed", "held"]);
    expect([outcomeOf(0, 0, 0), outcomeOf(0, 0, 1)]).toEqual(["passed", "held"]);
    expect(gate({ alerts: null }).verdict).toBe("HELD");
    // A policy with the bound 1 accepts any change, also more new alerts than there are open ones.
    const policy = { ...DEFAULT_PROMOTION_POLICY, maxChangedAlerts: 1 };
    const alerts = { open: 10, closed: 0, opened: 40, text: "open alerts" };
    expect(checkIn(gate({ alerts, policy }), "alerts")).toMatchObject({ outcome: "passed", figure: 1 });
  });
});

test("references are measured on the same rows and decide nothing", () => {
  const scores = BETTER.challengerScores.map((score, i) => (i < 100 ? Number.NaN : score));
  const { references, verdict } = gate({ references: [{ name: "scorecard v1", scores }] });
  expect(verdict).toBe("PASS");
  expect(references.map(({ name, rows }) => [name, rows])).toEqual([
    ["base rate of the rows, for all", 4_000],
    ["scorecard v1", 3_900],
  ]);
  expect(references[0]?.auc).toBe(0.5);
});
