import { expect, test } from "vitest";
import { parseModelPolicy } from "./model-policy.ts";
import { parseRiskPolicy } from "./risk-policy.ts";
import { parseYaml } from "./yaml-file.ts";

const fileOf = (text: string) => parseYaml(`version: 1\n${text}\n`, "risk_policy.yaml");
const parse = (text: string) => parseRiskPolicy(fileOf(text));

test("the limits of watchlists and delegations have defaults, and change no hash", () => {
  expect(parse("")).toMatchObject({
    watchlists: { maxLists: 50, maxSuppliers: 1_000 },
    delegations: { maxDays: 90, maxDaysAhead: 366 },
  });
  const own = parse(
    "watchlists: { max_lists: 500, max_suppliers: 10000 }\ndelegations: { max_days: 1, max_days_ahead: 0 }",
  );
  expect(own.watchlists).toEqual({ maxLists: 500, maxSuppliers: 10_000 });
  expect(own.delegations).toEqual({ maxDays: 1, maxDaysAhead: 0 });
  expect(own.policyHash).toBe(parse("").policyHash);
});

test.each([
  ["watchlists: { max_lists: 0 }", "from 1 to 500"],
  ["watchlists: { max_lists: 501 }", "from 1 to 500"],
  ["watchlists: { max_suppliers: 10001 }", "from 1 to 10000"],
  ["watchlists: { max_suppliers: .nan }", "from 1 to 10000"],
  ["watchlists: { lists: 5 }", "max_lists, max_suppliers"],
  ["delegations: { max_days: 0 }", "from 1 to 366"],
  ["delegations: { max_days: 367 }", "from 1 to 366"],
  ["delegations: { max_days_ahead: -1 }", "from 0 to 1096"],
  ["delegations: [90]", "max_days, max_days_ahead"],
])("%s is a violation", (text, expected) => {
  expect(() => parse(text)).toThrow(expected);
});

test("all models of an installation have the same limits", () => {
  const shared = parse("watchlists: { max_lists: 5 }");
  expect(parseModelPolicy(fileOf(""), shared).watchlists.maxLists).toBe(5);
  expect(() => parseModelPolicy(fileOf("watchlists: { max_lists: 6 }"), shared)).toThrow("no such section");
});
