import { expect, test } from "vitest";
import { buildTree, type SourceNode } from "../trees/build-tree.ts";
import type { Tree, TreeModel } from "../trees/tree-model.ts";
import { type ChangeVariable, changedRow, type VariableChange } from "./change-variable.ts";
import { type ChangeSearch, findCheapestChanges } from "./cheapest-changes.ts";
import { float32Output } from "./float32-output.ts";

/** Returns numbers in [0, 1) that are the same in every run (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Drawn {
  readonly depth: number;
}

/** Draws a tree on `features` columns with the values 0 to 7; every fifth split of column 0 is a set. */
function drawTree(random: () => number, features: number, depth: number): Tree {
  const draw = ({ depth: left }: Drawn): SourceNode<Drawn> => {
    if (left === 0 || random() < 0.1) return { cover: 0, split: null, fill: (values) => values.set([random() - 0.5]) };
    const feature = Math.floor(random() * features);
    const isSet = feature === 0 && random() < 0.2;
    const below = { depth: left - 1 };
    return {
      cover: 0,
      split: {
        feature,
        threshold: Math.floor(random() * 7) + 0.5,
        members: isSet ? Float32Array.of(0, 2, 5) : null,
        defaultLeft: random() < 0.5,
        left: below,
        right: { ...below },
      },
    };
  };
  return buildTree<Drawn>({ depth }, 1, 10_000, draw);
}

function drawModel(random: () => number, features: number, trees: number, depth: number): TreeModel {
  return {
    ...{ features, outputs: 1, link: "logistic", hasCovers: false },
    trees: Array.from({ length: trees }, () => drawTree(random, features, depth)),
    base: Float64Array.of(0.1),
  };
}

/** A number column with the values 0 to 7. Some options are not allowed; costs differ by direction. */
function numberVariable(random: () => number, column: number, present: number): ChangeVariable {
  const weight = 0.5 + random();
  const isAllowed = Array.from({ length: 8 }, () => random() < 0.8);
  return {
    columns: [column],
    values: Float32Array.from({ length: 8 }, (_, value) => value),
    costs: Float64Array.from({ length: 8 }, (_, value) =>
      value === present ? 0 : isAllowed[value] ? weight * Math.abs(value - present) : Number.POSITIVE_INFINITY,
    ),
    current: present,
  };
}

const LIMITS = { maxSteps: 10_000_000, maxMs: 600_000, now: () => 0, isStopped: () => false };

/** Tries every combination. Returns the lowest cost that is enough; Infinity when none is. */
function lowestCost({ model, row, variables, limit, maxChanges }: Omit<ChangeSearch, "limits" | "maxAnswers">): number {
  let lowest = Number.POSITIVE_INFINITY;
  const visit = (from: number, changes: VariableChange[], cost: number): void => {
    if (changes.length > 0 && cost < lowest && float32Output(model, changedRow(row, variables, changes)) <= limit)
      lowest = cost;
    if (changes.length === maxChanges) return;
    for (let variable = from; variable < variables.length; variable++)
      for (const [option, more] of (variables[variable]?.costs ?? []).entries())
        if (option !== variables[variable]?.current && Number.isFinite(more))
          visit(variable + 1, [...changes, { variable, option }], cost + more);
  };
  visit(0, [], 0);
  return lowest;
}

test.each([1, 2, 3] as const)(
  "the first answer of at most %i changes is the cheapest of all combinations",
  (maxChanges) => {
    const random = createRandom(maxChanges);
    const outcomes = { found: 0, none: 0 };
    for (let i = 0; i < 60; i++) {
      const model = drawModel(random, 5, 12, 5);
      const row = Float32Array.from({ length: 5 }, (_, column) =>
        column === 4 ? Number.NaN : Math.floor(random() * 8),
      );
      // Columns 1 to 3 are numbers; column 0 is a category, whose codes are neither ordered nor all allowed.
      const variables = [0, 1, 2, 3].map((column) => numberVariable(random, column, row[column] ?? 0));
      const limit = Math.fround(float32Output(model, row) - 0.3 - random() * 3);
      const search = { model, row, variables, limit, maxChanges };
      const { answers, end } = findCheapestChanges({ ...search, maxAnswers: 3, limits: LIMITS });
      const expected = lowestCost(search);
      expect(end).toBeNull();
      expect(answers[0]?.cost ?? Number.POSITIVE_INFINITY).toBeCloseTo(expected, 9);
      outcomes[answers.length > 0 ? "found" : "none"]++;
      for (const { changes, cost } of answers) {
        expect(float32Output(model, changedRow(row, variables, changes))).toBeLessThanOrEqual(limit);
        expect(changes.reduce((sum, { variable, option }) => sum + (variables[variable]?.costs[option] ?? 0), 0)).toBe(
          cost,
        );
      }
      const sets = answers.map(({ changes }) => new Set(changes.map(({ variable }) => variable)));
      for (const [j, later] of sets.entries())
        for (const earlier of sets.slice(0, j)) expect(earlier.isSubsetOf(later)).toBe(false);
    }
    expect(outcomes.found).toBeGreaterThan(5);
    expect(outcomes.none).toBeGreaterThan(5);
  },
);

test("a category of several columns changes all of them", () => {
  const random = createRandom(9);
  for (let i = 0; i < 30; i++) {
    const model = drawModel(random, 6, 12, 5);
    const row = Float32Array.of(8, 0, 0, Math.floor(random() * 8), Math.floor(random() * 8), 3);
    // Columns 0 to 2: one is 8, the others are 0.
    const category: ChangeVariable = {
      columns: [0, 1, 2],
      values: Float32Array.of(8, 0, 0, 0, 8, 0, 0, 0, 8),
      costs: Float64Array.of(0, 1, 1),
      current: 0,
    };
    const variables = [category, ...[3, 4].map((column) => numberVariable(random, column, row[column] ?? 0))];
    const limit = Math.fround(float32Output(model, row) - 0.2 - random() * 2);
    const search = { model, row, variables, limit, maxChanges: 3 as const };
    const { answers, end } = findCheapestChanges({ ...search, maxAnswers: 1, limits: LIMITS });
    expect(end).toBeNull();
    expect(answers[0]?.cost ?? Number.POSITIVE_INFINITY).toBeCloseTo(lowestCost(search), 9);
  }
});

const small = (() => {
  const random = createRandom(5);
  const model = drawModel(random, 5, 40, 6);
  const row = Float32Array.of(1, 2, 3, 4, 5);
  const variables = [0, 1, 2, 3, 4].map((column) => numberVariable(random, column, row[column] ?? 0));
  return { model, row, variables, limit: float32Output(model, row) - 1, maxChanges: 3, maxAnswers: 3 } as const;
})();

test("a search ends with its reason when its steps, its time or its caller end", () => {
  const end = (limits: Partial<ChangeSearch["limits"]>) =>
    findCheapestChanges({ ...small, limits: { ...LIMITS, ...limits } }).end;
  expect(end({})).toBeNull();
  expect(end({ maxSteps: 50 })).toBe("steps");
  expect(end({ isStopped: () => true })).toBe("stopped");
  let clock = 0;
  expect(end({ maxMs: 1, now: () => clock++ })).toBe("time");
});

test("a search with more triples than can be sorted ends with its steps, which are finite", () => {
  const features = 184;
  const draw = (feature: number, leaf: number | null): SourceNode<number | null> =>
    leaf === null
      ? { cover: 0, split: { feature, threshold: 0.5, members: null, defaultLeft: true, left: 0, right: -1 } }
      : { cover: 0, split: null, fill: (values) => values.set([leaf]) };
  const { end, steps } = findCheapestChanges({
    model: {
      ...{ features, outputs: 1, link: "identity", hasCovers: false },
      trees: Array.from({ length: features }, (_, feature) =>
        buildTree<number | null>(null, 1, 3, (leaf) => draw(feature, leaf)),
      ),
      base: Float64Array.of(0),
    },
    row: new Float32Array(features),
    variables: Array.from({ length: features }, (_, column) => ({
      ...{ columns: [column], values: Float32Array.of(0, 1), costs: Float64Array.of(0, 1), current: 0 },
    })),
    ...{ limit: -3, maxChanges: 3, maxAnswers: 1, limits: LIMITS },
  });
  expect(end).toBe("steps");
  expect(steps).toSatisfy(Number.isSafeInteger);
});

test("changes that are rejected are not an answer", () => {
  const [first] = findCheapestChanges({ ...small, limits: LIMITS }).answers;
  const isRejected = (changes: readonly VariableChange[]) => JSON.stringify(changes) === JSON.stringify(first?.changes);
  const [second] = findCheapestChanges({ ...small, limits: LIMITS, isRejected }).answers;
  expect(first).toBeDefined();
  expect(second?.changes).not.toEqual(first?.changes);
  expect(second?.cost ?? 0).toBeGreaterThanOrEqual(first?.cost ?? 0);
});

test("without variables there is no answer", () => {
  expect(findCheapestChanges({ ...small, variables: [], limits: LIMITS })).toMatchObject({ answers: [], end: null });
});

test("when no output is enough there is no answer, whatever changes", () => {
  const search = { ...small, limits: LIMITS };
  expect(findCheapestChanges({ ...search, limit: Number.NaN })).toMatchObject({ answers: [], end: null });
  expect(findCheapestChanges({ ...search, limit: Number.NEGATIVE_INFINITY })).toMatchObject({ answers: [], end: null });
});
