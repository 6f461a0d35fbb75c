import { expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { parseModelConfig } from "./model-config.ts";
import { parseScorecard } from "./scorecard.ts";
import { parseYaml } from "./yaml-file.ts";

const model = parseModelConfig(
  parseYaml(
    `version: 1
name: demo
features:
  - { name: delay, kind: numeric, unit: days, range: [0, 365] }
  - { name: audits, kind: numeric, unit: audits, range: [0, 10], missing: refuse }
  - { name: spend, kind: numeric, unit: usd, range: [0, 1000000] }
  - { name: region, kind: category }
text: { name: contract_text, max_terms: 10 }
target: { name: late, risk_class: late, other_class: on_time }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.5
trainer: { kind: random_forest, trees: 10, max_depth: 0, min_leaf: 1, column_sample: 1 }
split: { by: supplier }
seed: 1
`,
    "m.yaml",
  ),
);

const SCORECARD = `version: 1
scale: { points: 0, probability: 0.05, points_to_double_the_odds: 20 }
bands: { medium: 20, high: 40 }
features:
  - name: delay
    ranges:
      - { to: 5, points: 0 }
      - { from: 5, to: 30, points: 15 }
      - { from: 30, points: 35 }
    missing: 5
  - name: audits
    ranges: [{ to: 1, points: 5 }, { from: 1, points: 0 }]
  - name: region
    categories: { EU: 0, "North America": -3 }
    otherwise: 4
unused: [spend, contract_text]
`;

const parse = (text: string) => parseScorecard(parseYaml(text, "s.yaml"), model);

function violations(text: string): string[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
}

/** Replaces one text, which must occur. */
function changed(from: string, to: string): string {
  expect(SCORECARD).toContain(from);
  return SCORECARD.replace(from, to);
}

test("fills in the ends of ranges from the feature, in the order of the numbers", () => {
  const { features, scale, bands, unused } = parse(
    changed(
      `      - { to: 5, points: 0 }
      - { from: 5, to: 30, points: 15 }
`,
      `      - { from: 5, to: 30, points: 15 }
      - { to: 5, points: 0 }
`,
    ),
  );
  expect(features).toEqual([
    {
      kind: "numeric",
      name: "delay",
      missing: 5,
      ranges: [
        { from: 0, to: 5, points: 0 },
        { from: 5, to: 30, points: 15 },
        { from: 30, to: 365, points: 35 },
      ],
    },
    {
      kind: "numeric",
      name: "audits",
      missing: null,
      ranges: [
        { from: 0, to: 1, points: 5 },
        { from: 1, to: 10, points: 0 },
      ],
    },
    {
      kind: "category",
      name: "region",
      otherwise: 4,
      categories: [
        { category: "EU", points: 0 },
        { category: "North America", points: -3 },
      ],
    },
  ]);
  expect(scale).toEqual({ points: 0, probability: 0.05, pointsToDoubleTheOdds: 20 });
  expect([bands, unused]).toEqual([{ medium: 20, high: 40 }, ["spend", "contract_text"]]);
});

test("reports gaps, overlaps, unknown and absent features and an unreachable band together, each with its line", () => {
  const text = `version: 1
scale: { points: 0, probability: 1, points_to_double_the_odds: 0 }
bands: { medium: 20, high: 400 }
features:
  - name: delay
    ranges:
      - { from: 2, to: 5, points: 0 }
      - { from: 4, to: 30, points: 15 }
      - { from: 31, to: 400, points: 35 }
  - name: audits
    ranges: [{ points: 1.5 }]
    missing: 3
  - name: regoin
    categories: { EU: 0 }
    otherwise: 4
unused: [contract_text, delay]
`;
  expect(violations(text)).toEqual([
    "s.yaml:2:34 scale.probability: found 1, expected a probability from 0.0001 to 0.9999",
    "s.yaml:2:64 scale.points_to_double_the_odds: found 0, expected a number of points from 1 to 1000",
    "s.yaml:3:28 bands.high: found 400, expected at most 42, the largest sum of points",
    "s.yaml:4:1 features: found neither points nor unused for spend, region, expected every feature in features or in unused",
    "s.yaml:5:5 features[0]: found no missing for delay, expected missing: the points of a supplier without a value",
    "s.yaml:7:9 features[0].ranges[0]: found no points for delay from 0 to 2, expected a range that begins at 0",
    "s.yaml:8:9 features[0].ranges[1]: found points for delay from 4 to 5 twice, expected a range that begins at 5",
    "s.yaml:9:9 features[0].ranges[2]: found no points for delay from 30 to 31, expected a range that begins at 30",
    "s.yaml:9:25 features[0].ranges[2].to: found 400, expected at most 365, the largest possible delay",
    "s.yaml:11:24 features[1].ranges[0].points: found 1.5, expected an integer from -1000 to 1000",
    "s.yaml:12:5 features[1].missing: found missing of audits, expected no points, since the model configuration rejects a supplier without a value",
    's.yaml:13:11 features[2].name: found "regoin", expected the feature "region"',
    's.yaml:16:25 unused[1]: found "delay" again, expected each feature once, in features or in unused',
  ]);
});

test.each([
  ["{ from: 30, points: 35 }", "{ from: 30, to: 300, points: 35 }", 9, "no points for delay from 300 to 365"],
  ["{ to: 5, points: 0 }", "{ from: -1, to: 5, points: 0 }", 7, "expected at least 0, the smallest possible delay"],
  ["{ to: 5, points: 0 }", "{ points: 0 }", 8, "points for delay from 5 to 30 twice"],
  [
    "{ from: 5, to: 30, points: 15 }",
    "{ from: 30, to: 5, points: 15 }",
    8,
    "found from 30 to 5, expected from below to",
  ],
  ["to: 30, points: 15 }", "to: 5.00000001, points: 15 }", 8, "the same number with seven digits"],
  ["{ from: 5, to: 30, points: 15 }", "{ from: .nan, to: 30, points: 15 }", 8, "found NaN, expected a number"],
  ["{ from: 5, to: 30, points: 15 }", "{ from: 5, to: .inf, points: 15 }", 8, "found Infinity, expected a number"],
  ["points: 35 }", "points: 1001 }", 9, "expected an integer from -1000 to 1000"],
  ["points: 35 }", "pionts: 35 }", 9, 'found the unknown key "pionts", expected the known key "points"'],
  ["otherwise: 4", "missing: 4", 15, "missing of region, expected categories and otherwise, since it is a category"],
  ["otherwise: 4", "missing: 4", 13, "no otherwise for region"],
  ["missing: 5", "otherwise: 5", 10, "otherwise of delay, expected ranges and missing, since it is a number"],
  ["{ EU: 0, ", "{ EU: x, ", 14, 'found "x", expected an integer'],
  ["categories: { EU: 0", "categories: { EU: 0, EU: 1", 14, "Map keys must be unique"],
  ["  - name: region", "  - name: contract_text", 13, 'the text "contract_text", expected a number or a category'],
  ["bands: { medium: 20, high: 40 }", "bands: { medium: 40, high: 40 }", 3, "fewer points than high, which is 40"],
  ["bands: { medium: 20", "bands: { medium: -3", 3, "more than -3, the smallest sum of points"],
  ["high: 40 }", "high: 45 }", 3, "at most 44, the largest sum of points"],
  [
    "points_to_double_the_odds: 20",
    "points_to_double_the_odds: 1",
    3,
    "expected a probability from 0.000001 to 0.999999",
  ],
  ["unused: [spend, contract_text]", "unused: spend", 16, "a list of features without points"],
  ["version: 1", "version: 2", 1, "found 2, expected 1"],
])("rejects %s written as %s", (good, bad, line, expected) => {
  const found = violations(changed(good, bad));
  expect(
    found.some((text) => text.startsWith(`s.yaml:${line}:`) && text.includes(expected)),
    found.join("\n"),
  ).toBe(true);
});

test("a file of another shape is reported in the words of the file", () => {
  expect(violations("- 1\n")).toEqual(expect.arrayContaining([expect.stringContaining("expected a map")]));
  for (const features of ["{}", "[]", "3", "[3]", "[{ name: delay, ranges: 3 }]", "[{ name: delay, ranges: [] }]"])
    expect(
      violations(SCORECARD.replace(/features:[\s\S]*unused/, `features: ${features}\nunused`)).length,
    ).toBeGreaterThan(0);
});
