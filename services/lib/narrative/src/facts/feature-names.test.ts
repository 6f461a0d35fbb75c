import { expect, test } from "vitest";
import { featureNames } from "./feature-names.ts";

const FEATURES = [
  { name: "avg_delay", de: { name: "mittlerer Lieferverzug", unit: "Tage" } },
  { name: "past_disputes", de: { name: "frühere Streitfälle", unit: "Streitfälle" } },
  { name: "late_ratio", de: { unit: "Anteil" } },
  { name: "spend" },
];
const german = featureNames(FEATURES, "de");
const english = featureNames(FEATURES, "en");
const unit = (feature: string, declared: string) => ({ feature, unit: declared });

test("German narratives have the declared names and units", () => {
  expect(german.nameOf("avg_delay")).toBe("mittlerer Lieferverzug");
  expect(german.unitOf(unit("avg_delay", "days"))).toBe("Tage");
});

test("what has no German text keeps its English one", () => {
  expect([german.nameOf("late_ratio"), german.unitOf(unit("late_ratio", "share"))]).toEqual(["late ratio", "Anteil"]);
  expect([german.nameOf("spend"), german.unitOf(unit("spend", "usd"))]).toEqual(["spend", "usd"]);
  expect(german.nameOf("not_described")).toBe("not described");
});

test("English narratives have no German text", () => {
  expect(english.nameOf("avg_delay")).toBe("avg delay");
  expect(english.unitOf(unit("avg_delay", "days"))).toBe("days");
});

test("a unit that ends the name is not repeated, and a feature without a unit gets none", () => {
  expect(german.unitOf(unit("past_disputes", "disputes"))).toBe("");
  expect(english.unitOf(unit("past_disputes", "disputes"))).toBe("");
  expect(german.unitOf(unit("avg_delay", ""))).toBe("");
});
