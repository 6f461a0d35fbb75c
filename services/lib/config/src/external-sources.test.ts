import { expect, test } from "vitest";
import { parseRiskPolicy } from "./risk-policy.ts";
import { parseYaml } from "./yaml-file.ts";

const SOURCE =
  'title: Rating, licence: "internal use only", min: 0, max: 100, higher_is: better, stale_after_days: 365';
const parse = (text: string) => parseRiskPolicy(parseYaml(`version: 1\n${text}\n`, "risk_policy.yaml"));
const sources = (text: string) => parse(`external_scores: ${text}`).externalSources;

test("a source has its scale, direction, age and licence; without the section there is none", () => {
  expect(sources(`{ b: { ${SOURCE} }, a: { ${SOURCE.replace("better", "riskier")} } }`)).toEqual([
    {
      ...{ name: "a", title: "Rating", licence: "internal use only", min: 0, max: 100 },
      ...{ higherIsRiskier: true, staleAfterDays: 365 },
    },
    expect.objectContaining({ name: "b", higherIsRiskier: false }),
  ]);
  expect(parse("").externalSources).toEqual([]);
  expect(parse(`external_scores: { a: { ${SOURCE} } }`).policyHash).toBe(parse("").policyHash);
});

test.each([
  ["a name with a capital letter", `{ Eco: { ${SOURCE} } }`, "lower-case"],
  ["a scale of one value", `{ a: { ${SOURCE.replace("100", "0")} } }`, "above min, which is 0"],
  ["a scale that is not a number", `{ a: { ${SOURCE.replace("100", ".nan")} } }`, "a number from -10^9"],
  ["no licence", `{ a: { ${SOURCE.replace('licence: "internal use only", ', "")} } }`, "in one line"],
  ["a licence of several lines", `{ a: { ${SOURCE.replace("use only", "use\\nonly")} } }`, "in one line"],
  ["another direction", `{ a: { ${SOURCE.replace("better", "up")} } }`, "one of better, riskier"],
  ["an age of 0", `{ a: { ${SOURCE.replace("365", "0")} } }`, "an integer from 1 to 3650"],
  ["an unknown key", `{ a: { ${SOURCE}, unit: points } }`, "title, licence, min, max"],
  [
    "21 sources",
    `{ ${Array.from({ length: 21 }, (_, i) => `s${i}: { ${SOURCE} }`).join(", ")} }`,
    "at most 20 sources",
  ],
  ["a list", "[]", "sources by name"],
])("rejects %s", (_what, text, expected) => {
  expect(() => sources(text)).toThrow(expected);
});
