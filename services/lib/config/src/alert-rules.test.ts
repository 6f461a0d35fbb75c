import { expect, test } from "vitest";
import { loadAlertRules, parseAlertRules } from "./alert-rules.ts";
import { ruleSetYaml } from "./rule-set-yaml.ts";
import { parseYaml } from "./yaml-file.ts";

const file = new URL("../../../../config/alert_rules.yaml", import.meta.url).pathname;

test("reads the product's own rules", async () => {
  expect(await loadAlertRules(file)).toMatchObject({
    coolDownWeeks: 2,
    maxWeeksApart: 1,
    runsToLapse: 4,
    longestDays: { snooze: 366, override: 366, accepted: 731 },
    scoreThreshold: { id: "high-score", raise: 0.7, critical: 0.85, keepCritical: 0.75, clear: 0.6, runsToRaise: 2 },
    weeklyCapacity: { id: "weekly-capacity", suppliers: 10, minLift: 1, keepWithin: 20 },
  });
});

test("reports limits in the wrong order, a duplicate id and an unknown key together, with their lines", () => {
  const text = `version: 1
cool_down_weeks: 2
score_threshold: { id: a, raise: 0.7, runs_to_raise: 2, critical: 0.65, clear: 0.8, runs_to_clear: 2 }
weekly_capacity:
  id: a
  suppliers: 30
  min_lift: 0.4
  keep_within: 20
  per_week: 3
`;
  let reported = "";
  try {
    parseAlertRules(parseYaml(text, "rules.yaml"));
  } catch (error) {
    reported = String(error);
  }
  expect(reported).toContain("5 violation(s)");
  expect(reported).toMatch(
    /rules\.yaml:3:\d+ score_threshold\.clear: found 0\.8, expected at most raise, which is 0\.7/,
  );
  expect(reported).toContain("score_threshold.raise: found 0.7, expected at most critical, which is 0.65");
  expect(reported).toContain('rules.yaml:5:7 weekly_capacity.id: found "a", expected an id of its own');
  expect(reported).toContain("rules.yaml:6:14 weekly_capacity.suppliers: found 30");
  expect(reported).toContain('rules.yaml:9:3 weekly_capacity: found the unknown key "per_week"');
});

test.each([
  ["", { snooze: 366, override: 366, accepted: 731 }],
  ["longest_days: { snooze: 30 }", { snooze: 30, override: 366, accepted: 731 }],
  ["longest_days: { snooze: 1, override: 3653, accepted: 2 }", { snooze: 1, override: 3_653, accepted: 2 }],
  ["longest_days: { snooze: 0 }", "longest_days.snooze: found 0, expected an integer from 1 to 3653"],
  ["longest_days: { override: 3654 }", "longest_days.override: found 3654, expected an integer from 1 to 3653"],
  ["longest_days: 30", "longest_days: found 30, expected a map: snooze, override, accepted"],
])("the longest times of decisions %j", (line, expected) => {
  const read = () =>
    parseAlertRules(
      parseYaml(
        `version: 1
cool_down_weeks: 2
${line}
score_threshold: { id: a, raise: 0.7, runs_to_raise: 2, critical: 0.85, clear: 0.6, runs_to_clear: 2 }
weekly_capacity: { id: b, suppliers: 10, min_lift: 1, keep_within: 20 }
`,
        "rules.yaml",
      ),
    );
  if (typeof expected === "string") expect(read).toThrow(expected);
  else expect(read().longestDays).toEqual(expected);
});

test("the old key of the cool-down is an error that names the new one, also beside the new one", () => {
  const rules = (lines: string) => () =>
    parseAlertRules(
      parseYaml(
        `version: 1
${lines}
score_threshold: { id: a, raise: 0.7, runs_to_raise: 2, critical: 0.85, clear: 0.6, runs_to_clear: 2 }
weekly_capacity: { id: b, suppliers: 10, min_lift: 1, keep_within: 20 }
`,
        "rules.yaml",
      ),
    );
  const expected = "cool_down_days: found 14, expected the key cool_down_weeks instead";
  expect(rules("cool_down_days: 14")).toThrow(expected);
  expect(rules("cool_down_weeks: 2\ncool_down_days: 14")).toThrow(expected);
  expect(rules("cool_down_weeks: 0")().coolDownWeeks).toBe(0);
  expect(rules("cool_down_weeks: 53")).toThrow("found 53, expected an integer from 0 to 52");
  expect(rules("cool_down_weeks: 2\nmax_weeks_apart: 5")().maxWeeksApart).toBe(5);
  expect(rules("cool_down_weeks: 2\nmax_weeks_apart: 0")).toThrow("found 0, expected an integer from 1 to 52");
});

test("an alert lapses after 1 to 52 runs without a score, by default after 4", () => {
  const rules = (line: string) =>
    parseAlertRules(
      parseYaml(
        `version: 1
cool_down_weeks: 2
${line}
score_threshold: { id: a, raise: 0.7, runs_to_raise: 2, critical: 0.85, clear: 0.6, runs_to_clear: 2 }
weekly_capacity: { id: b, suppliers: 10, min_lift: 1, keep_within: 20 }
`,
        "rules.yaml",
      ),
    ).runsToLapse;
  expect([rules(""), rules("runs_to_lapse: 1"), rules("runs_to_lapse: 52")]).toEqual([4, 1, 52]);
  for (const runs of [0, 53])
    expect(() => rules(`runs_to_lapse: ${runs}`)).toThrow(`found ${runs}, expected an integer from 1 to 52`);
});

test("a critical alert stays critical above a limit that has the distance of clear and raise", () => {
  const rules = (limits: string) =>
    parseAlertRules(
      parseYaml(
        `version: 1
cool_down_weeks: 2
score_threshold: { id: a, runs_to_raise: 2, runs_to_clear: 2, ${limits} }
weekly_capacity: { id: b, suppliers: 10, min_lift: 1, keep_within: 20 }
`,
        "rules.yaml",
      ),
    ).scoreThreshold.keepCritical;
  expect(rules("raise: 0.7, critical: 0.85, clear: 0.6")).toBe(0.75);
  expect(rules("raise: 0.7, critical: 0.85, clear: 0.7")).toBe(0.85);
  expect(rules("raise: 0.7, critical: 0.7, clear: 0.1")).toBe(0.1);
  expect(rules("raise: 0.7, critical: 0.85, clear: 0.6, keep_critical: 0.6")).toBe(0.6);
  const limits = "raise: 0.7, critical: 0.85, clear: 0.6";
  expect(() => rules(`${limits}, keep_critical: 0.86`)).toThrow("keep_critical: found 0.86, expected at most critical");
  expect(() => rules(`${limits}, keep_critical: 0.5`)).toThrow("clear: found 0.6, expected at most keep_critical");
});

test("a value in the place of a map is reported in the words of the file", () => {
  const rules = `version: 1
cool_down_weeks: 2
score_threshold: 0.7
weekly_capacity: [1]
`;
  let reported = "";
  try {
    parseAlertRules(parseYaml(rules, "rules.yaml"));
  } catch (error) {
    reported = String(error);
  }
  expect(reported).toContain("score_threshold: found 0.7, expected a rule: id");
  expect(reported).toContain("weekly_capacity: found [1], expected a rule: id");
});

test("a file that is a list, a text or empty is reported without the words of a library", () => {
  for (const text of ["- 1\n", "rules\n"])
    expect(() => parseAlertRules(parseYaml(text, "rules.yaml"))).toThrow(/expected a map \(key: value\)/);
});

const RULES = `version: 1
cool_down_weeks: 2
score_threshold: { id: a, raise: 0.7, runs_to_raise: 2, critical: 0.85, clear: 0.6, runs_to_clear: 2 }
weekly_capacity: { id: b, suppliers: 10, min_lift: 1, keep_within: 20 }
`;
const parse = (text: string) => parseAlertRules(parseYaml(text, "rules.yaml"));

test("change rules have one condition each, and an alert ends after one run without it by default", () => {
  const { changes, acceptanceExpiry } = parse(`${RULES}acceptance_expiry: not_cleared
changes:
  - { id: rise, rises_above: 0.5 }
  - { id: drop, drops_below: 0, runs_to_clear: 3 }
  - { id: jump, changes_by: 0.2 }
`);
  expect(changes).toEqual([
    { id: "rise", kind: "rises_above", limit: 0.5, runsToClear: 1 },
    { id: "drop", kind: "drops_below", limit: 0, runsToClear: 3 },
    { id: "jump", kind: "changes_by", limit: 0.2, runsToClear: 1 },
  ]);
  expect(acceptanceExpiry).toBe("not_cleared");
  expect(parse(RULES)).toMatchObject({ changes: [], acceptanceExpiry: "raised", id: "default", sets: [] });
});

test.each([
  ["changes: [{ id: c }]", "changes[0]: found no condition, expected one of rises_above, drops_below and changes_by"],
  ["changes: [{ id: c, rises_above: 0.5, changes_by: 0.1 }]", "changes[0]: found rises_above and changes_by"],
  ["changes: [{ id: c, changes_by: 0 }]", "changes[0].changes_by: found 0, expected a number above 0, up to 1"],
  ["changes: [{ id: c, changes_by: .nan }]", "changes[0].changes_by: found NaN"],
  ["changes: [{ id: a, changes_by: 0.1 }]", 'two rules with the id "a"'],
  ["acceptance_expiry: never", 'acceptance_expiry: found "never", expected one of raised, not_cleared'],
  ["applies_to: { regions: EU }", "applies_to.regions"],
  ["applies_to: { countries: [EU] }", 'applies_to: found the unknown key "countries"'],
])("%s is a violation", (line, violation) => {
  expect(() => parse(`${RULES}${line}\n`)).toThrow(violation);
});

const SETS = `${RULES}sets:
  - id: emea
    applies_to: { regions: [EMEA] }
    cool_down_weeks: 0
    score_threshold: { id: c, raise: 0.5, runs_to_raise: 1, critical: 0.85, clear: 0.4, runs_to_clear: 2 }
    weekly_capacity: { id: d, suppliers: 3, min_lift: 1, keep_within: 6 }
`;

test("a file has further rule sets, each with a hash of its own that layout and comments do not change", () => {
  const { sets, hash } = parse(SETS);
  expect(sets).toMatchObject([{ id: "emea", appliesTo: { regions: ["EMEA"], categories: [] }, coolDownWeeks: 0 }]);
  expect(sets[0]?.hash).not.toBe(hash);
  expect(parse(RULES.replace("version: 1", "# text\nversion: 1\nmax_weeks_apart: 1")).hash).toBe(hash);
  expect(parse(RULES.replace("raise: 0.7", "raise: 0.71")).hash).not.toBe(hash);
});

test("a violation in a further rule set names it, and overlapping sets are one sentence", () => {
  expect(() => parse(SETS.replace("clear: 0.4", "clear: 0.9"))).toThrow(
    "sets[0].score_threshold.clear: found 0.9, expected at most raise, which is 0.5",
  );
  expect(() => parse(SETS.replace("{ regions: [EMEA] }", "{}"))).toThrow(
    'the rule sets "default" and "emea" overlap: both apply to all suppliers that no other rule set names',
  );
});

test("a rule set that is written as YAML is the same when it is read again", async () => {
  const rules = await loadAlertRules(file);
  const scoped = parse(`${RULES}applies_to: { regions: ["EU: 1", "ÄÖ"] }\nchanges: [{ id: c, drops_below: 0.25 }]\n`);
  for (const one of [rules, scoped]) {
    const again = parseAlertRules(parseYaml(ruleSetYaml(one), "again.yaml"));
    expect(again.hash).toBe(one.hash);
  }
});
