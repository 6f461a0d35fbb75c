import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DemoScoring, openDemoScoring } from "../../test/demo-scoring-fixture.ts";
import { featureContributions } from "./feature-contributions.ts";

let demo: DemoScoring;
let bundle: FeatureBundle;
beforeAll(async () => {
  demo = await openDemoScoring();
  ({ bundle } = demo.model);
});
afterAll(() => demo[Symbol.asyncDispose]());

test("the largest contributions are the first of all contributions, also with equal and missing values", () => {
  const width = bundle.columns.length;
  const value = fc.oneof(fc.constantFrom(0, -0, 0.5, -0.5, 1), fc.float({ noDefaultInfinity: true }));
  fc.assert(
    fc.property(fc.array(value, { minLength: width, maxLength: width }), fc.nat(width + 3), (values, top) => {
      const row = new Float32Array(width);
      const contributions = Float32Array.from(values);
      const all = featureContributions(bundle, row, contributions, {});
      expect(featureContributions(bundle, row, contributions, {}, top)).toEqual(all.slice(0, top));
    }),
  );
});

test("all columns of a category are one contribution, with the category of the row", () => {
  const columns = bundle.columns.flatMap((column, at) => (column.kind === "category" ? [{ ...column, at }] : []));
  const row = new Float32Array(bundle.columns.length);
  const contributions = new Float32Array(bundle.columns.length);
  for (const { at } of columns) contributions[at] = 0.25;
  row[columns[1]?.at ?? 0] = 1;
  const [largest] = featureContributions(bundle, row, contributions, {}, 1);
  expect(largest).toEqual({
    ...{ feature: "region", value: null, category: columns[1]?.category },
    contribution: 0.25 * columns.length,
  });
});

test("a contribution of one column has the bits of the column, also those of a negative zero", () => {
  const zeros = new Float32Array(bundle.columns.length).fill(-0);
  const found = featureContributions(bundle, new Float32Array(zeros.length), zeros, {});
  const isNumber = ({ feature }: { readonly feature: string }) => feature !== "region";
  expect(found.filter(isNumber).every(({ contribution }) => Object.is(contribution, -0))).toBe(true);
});

test("a number that the supplier did not send has no value", () => {
  const row = new Float32Array(bundle.columns.length).fill(7);
  const contributions = new Float32Array(bundle.columns.length);
  contributions[0] = 1;
  const name = bundle.features[0]?.name ?? "";
  const entryOf = (given: Record<string, number>) => featureContributions(bundle, row, contributions, given, 1)[0];
  expect(entryOf({ [name]: 3 })).toMatchObject({ feature: name, value: 3 });
  expect(entryOf({})).toMatchObject({ feature: name, value: null });
});
