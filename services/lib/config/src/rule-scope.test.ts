import { expect, test } from "vitest";
import { conflictOf, type RuleScope } from "./rule-scope.ts";

const set = (id: string, over: Partial<RuleScope> = {}, rules: readonly string[] = []) => ({
  ...{ id, appliesTo: { regions: [], categories: [], ...over } },
  ...{ scoreThreshold: { id: `${id}-score` }, weeklyCapacity: { id: `${id}-capacity` } },
  changes: rules.map((rule) => ({ id: rule })),
});

test.each([
  [[set("a")], undefined],
  [[set("a"), set("b", { regions: ["EU"] }), set("c", { regions: ["US"] })], undefined],
  [
    [set("b", { regions: ["EU"], categories: ["Steel"] }), set("c", { regions: ["EU"], categories: ["IT"] })],
    undefined,
  ],
  [[set("a"), set("b")], 'the rule sets "a" and "b" overlap: both apply to all suppliers that no other rule set names'],
  [
    [set("a"), set("b", { regions: ["US", "EU"] }), set("c", { regions: ["EU"] })],
    'the rule sets "b" and "c" overlap: both apply to suppliers of the region "EU" and any category',
  ],
  [
    [set("b", { regions: ["EU"] }), set("c", { categories: ["Steel"] })],
    'the rule sets "b" and "c" overlap: both apply to suppliers of the region "EU" and the category "Steel"',
  ],
  [[set("b", { regions: ["EU"] }), set("b", { regions: ["US"] })], 'two rule sets with the id "b"'],
  [[set("a", {}, ["rise", "rise"])], 'two rules with the id "rise" in the rule set "a"'],
  [
    [set("a", {}, ["rise"]), set("b", { regions: ["EU"] }, ["rise"])],
    'the rule id "rise" in both rule sets "a" and "b"',
  ],
])("rule sets %# that conflict have one sentence", (sets, sentence) => {
  expect(conflictOf(sets)).toBe(sentence);
});
