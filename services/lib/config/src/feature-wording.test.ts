import { expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { parseModelConfig } from "./model-config.ts";
import { parseYaml } from "./yaml-file.ts";

const withWording = (wording: string, kind = "kind: numeric, unit: share, range: [0, 1]"): string => `version: 1
name: supplier-risk
features:
  - { name: late_ratio, ${kind}, wording: ${wording} }
target: { name: high_risk, risk_class: high, other_class: other }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.5
trainer: { kind: random_forest, trees: 10, max_depth: 4, min_leaf: 1, column_sample: 1 }
split: { by: supplier }
seed: 42
`;
const parse = (text: string) => parseModelConfig(parseYaml(text, "m.yaml")).features[0];

function violationOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "";
}

test("a wording has a unit, a scale and templates; a feature without one has no field", () => {
  const wording = { unit: "%", scale: 100, increases: "{value} late, usually {typical}", lowers: "{feature} {value}" };
  expect(parse(withWording(JSON.stringify(wording)))?.wording).toEqual(wording);
  expect(parse(withWording("{ scale: 100 }"))?.wording).toEqual({ scale: 100 });
  expect(parse(withWording("{ lowers: few }", "kind: category"))?.wording).toEqual({ lowers: "few" });
  expect(
    Object.hasOwn(parse(withWording("{ scale: 1 }").replace(", wording: { scale: 1 }", "")) ?? {}, "wording"),
  ).toBe(false);
});

test.each([
  ["{}", "at least one of unit, scale, increases, lowers"],
  ["text", "wording: unit, scale, increases, lowers"],
  ["{ scale: 0 }", "a number from 0.000001 to 1000000"],
  ["{ scale: 1000001 }", "a number from 0.000001 to 1000000"],
  ['{ unit: "" }', "a unit of 1 to 40 characters"],
  ['{ increases: "{name} is late" }', "braces contain only feature, value or typical"],
  ['{ increases: "{value" }', "braces contain only feature, value or typical"],
  ['{ increases: "}" }', "braces contain only feature, value or typical"],
  ['{ increases: "" }', "a text of 1 to 200 characters"],
  [`{ lowers: "${"x".repeat(201)}" }`, "a text of 1 to 200 characters"],
  ['{ lowers: "two\\nlines" }', "a text of 1 to 200 characters"],
  ["{ raises: x }", 'the unknown key "raises"'],
])("rejects the wording %s", (wording, expected) => {
  expect(violationOf(withWording(wording))).toContain(expected);
});

const withGerman = (de: string, kind = "kind: numeric, unit: days, range: [0, 9]"): string =>
  withWording("{ scale: 1 }", kind).replace("wording: { scale: 1 }", `de: ${de}`);

test("German texts are optional: name and unit of a number, the name of a category and of the text", () => {
  expect(parse(withGerman("{ name: Verzug, unit: Tage }"))?.de).toEqual({ name: "Verzug", unit: "Tage" });
  expect(parse(withGerman("{ unit: Tage }"))?.de).toEqual({ unit: "Tage" });
  expect(parse(withGerman("{ name: Region }", "kind: category"))?.de).toEqual({ name: "Region" });
  const { text } = parseModelConfig(
    parseYaml(
      `${withGerman("{ name: V }")}text: { name: contract, max_terms: 5, de: { name: Vertragstext } }\n`,
      "m.yaml",
    ),
  );
  expect(text?.de).toEqual({ name: "Vertragstext" });
  expect(Object.hasOwn(parse(withWording("{ scale: 1 }")) ?? {}, "de")).toBe(false);
});

test.each([
  ["{}", "at least one of name, unit"],
  ["Verzug", "de: name, unit"],
  ['{ name: "" }', "a name of 1 to 80 characters in one line"],
  ['{ name: " Verzug" }', "a name of 1 to 80 characters in one line"],
  [`{ name: "${"x".repeat(81)}" }`, "a name of 1 to 80 characters in one line"],
  ['{ name: "zwei\\nZeilen" }', "a name of 1 to 80 characters in one line"],
  ['{ name: "{value}" }', "a name of 1 to 80 characters in one line"],
  [`{ unit: "${"x".repeat(41)}" }`, "a unit of 1 to 40 characters"],
  ["{ label: Verzug }", 'the unknown key "label"'],
])("rejects the German texts %s", (de, expected) => {
  expect(violationOf(withGerman(de))).toContain(expected);
});

test("accepts a German name of exactly 80 characters, and rejects a German unit of a category", () => {
  expect(violationOf(withGerman(`{ name: "${"x".repeat(80)}" }`))).toBe("");
  expect(violationOf(withGerman("{ unit: Tage }", "kind: category"))).toContain('the unknown key "unit"');
  expect(violationOf(withGerman("{}", "kind: category"))).toContain("a name");
});

test("accepts a template of exactly 200 characters, and rejects a unit of a category", () => {
  expect(violationOf(withWording(`{ lowers: "${"x".repeat(200)}" }`))).toBe("");
  expect(violationOf(withWording("{ unit: days }", "kind: category"))).toContain('the unknown key "unit"');
});
