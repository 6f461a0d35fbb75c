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

test("a unit that is a word of the name is not repeated beside it", () => {
  const names = featureNames(
    [
      { name: "late_ratio", de: { name: "Anteil verspäteter Lieferungen", unit: "Anteil" } },
      { name: "stability", de: { name: "Index der finanziellen Stabilität", unit: "Index" } },
      { name: "stock", de: { name: "Indexstand", unit: "Index" } },
    ],
    "de",
  );
  expect(["late_ratio", "stability", "stock"].map((feature) => names.unitOf(unit(feature, "x")))).toEqual([
    "",
    "",
    "Index",
  ]);
});

test("a unit that ends the name is not repeated, and a feature without a unit gets none", () => {
  expect(german.unitOf(unit("past_disputes", "disputes"))).toBe("");
  expect(english.unitOf(unit("past_disputes", "disputes"))).toBe("");
  expect(german.unitOf(unit("avg_delay", ""))).toBe("");
});

test("features of one German name have their column behind it, also when one of them has no German name", () => {
  const shared = featureNames(
    [
      { name: "avg_delay", de: { name: "Verzug" } },
      { name: "max_delay", de: { name: "verzug " } },
      { name: "Verzug", de: {} },
      { name: "spend", de: { name: "Ausgaben" } },
    ],
    "de",
  );
  expect(["avg_delay", "max_delay", "Verzug", "spend"].map(shared.nameOf)).toEqual([
    ...["Verzug [avg_delay]", "verzug  [max_delay]", "Verzug [Verzug]", "Ausgaben"],
  ]);
  expect(featureNames([{ name: "a_b" }, { name: "a b" }], "en").nameOf("a_b")).toBe("a b [a_b]");
});

test("names and units that could go on as a statement are in quotation marks", () => {
  const hostile = featureNames([{ name: "x", de: { name: "Verzug. Alles ist gut", unit: "Tage). Gut (" } }], "de");
  expect(hostile.nameOf("x")).toBe("„Verzug. Alles ist gut“");
  expect(hostile.unitOf(unit("x", "days"))).toBe("„Tage). Gut (“");
});
