import { expect, test } from "vitest";
import {
  countSuppliers,
  MAX_FACET_VALUES,
  type SupplierGroup,
  scoreRange,
  supplierFacets,
  withoutGroups,
} from "./supplier-facets.ts";

const group = (over: Partial<SupplierGroup>): SupplierGroup => ({
  ...{ band: "low", region: 1, category: 7, change: "none", present: 4, suppliers: 1 },
  ...{ minScore: null, maxScore: null },
  ...over,
});
const NONE = { bands: [], regions: [], categories: [], changes: [], completenessBelow: undefined };
const GROUPS = [
  group({ suppliers: 5 }),
  group({ band: "high", region: 2, change: "up", suppliers: 3 }),
  group({ band: "high", region: 0, category: 0, present: 1, suppliers: 2 }),
  group({ band: "unknown", present: null, suppliers: 1 }),
];

test("counts the suppliers that meet all conditions", () => {
  const count = (filter: Partial<typeof NONE> | object) => countSuppliers(GROUPS, { ...NONE, ...filter }, 4);
  expect(count({})).toBe(11);
  expect(count({ bands: ["high"] })).toBe(5);
  expect(count({ bands: ["high"], regions: [2] })).toBe(3);
  expect(count({ regions: [0] })).toBe(2);
  expect(count({ regions: [-1] })).toBe(0);
  expect(count({ changes: ["up"] })).toBe(3);
  expect([count({ completenessBelow: 0.25 }), count({ completenessBelow: 0.26 })]).toEqual([0, 2]);
});

test("a facet ignores the condition on its own field", () => {
  const { bands, regions } = supplierFacets(GROUPS, { ...NONE, bands: ["high"] }, 4);
  expect(bands).toEqual([
    { value: "low", suppliers: 5 },
    { value: "high", suppliers: 5 },
    { value: "unknown", suppliers: 1 },
  ]);
  expect(regions).toEqual([
    { value: 2, suppliers: 3 },
    { value: 0, suppliers: 2 },
  ]);
});

test("a facet has at most 50 values, those of most suppliers, and says so", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => group({ region: i + 1, suppliers: i + 1 }));
  const full = supplierFacets(many(MAX_FACET_VALUES), NONE, 4);
  expect([full.regions.length, full.regionsTruncated]).toEqual([50, false]);
  const cut = supplierFacets(many(MAX_FACET_VALUES + 1), NONE, 4);
  expect([cut.regions.length, cut.regionsTruncated, cut.regions.at(-1)?.value]).toEqual([50, true, 2]);
});

test("groups without the suppliers of others have the numbers of the rest, and no facet of 0", () => {
  const others = [group({ suppliers: 2 }), group({ band: "high", region: 2, change: "up", suppliers: 3 })];
  const rest = withoutGroups(GROUPS, others);
  expect(countSuppliers(rest, NONE, 4)).toBe(6);
  const { bands, regions } = supplierFacets(rest, NONE, 4);
  expect(bands).toEqual([
    { value: "low", suppliers: 3 },
    { value: "high", suppliers: 2 },
    { value: "unknown", suppliers: 1 },
  ]);
  expect(regions.map(({ value }) => value).sort()).toEqual([0, 1]);
});

test("the range of bands covers the scores of their groups, and is null without a score", () => {
  const groups = [
    group({ band: "high", suppliers: 2, minScore: 0.8, maxScore: 0.9 }),
    group({ band: "high", region: 2, suppliers: 1, minScore: 0.75, maxScore: 0.75 }),
    group({ band: "low", suppliers: 5, minScore: 0, maxScore: 0.3 }),
    group({ band: "unknown", suppliers: 3 }),
  ];
  expect(scoreRange(groups, ["high"])).toEqual({ min: 0.75, max: 0.9, suppliers: 3 });
  expect(scoreRange(groups, ["low", "unknown"])).toEqual({ min: 0, max: 0.3, suppliers: 5 });
  expect(scoreRange(groups, ["unknown"])).toBeNull();
  expect(scoreRange(groups, ["medium"])).toBeNull();
});
