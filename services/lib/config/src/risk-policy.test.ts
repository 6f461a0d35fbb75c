import { expect, test } from "vitest";
import { DEFAULT_RETRAIN } from "./retrain-policy.ts";
import { DEFAULT_DRIFT_POLICY, loadRiskPolicy, parseRiskPolicy } from "./risk-policy.ts";
import { parseYaml } from "./yaml-file.ts";

const file = new URL("../../../../config/risk_policy.yaml", import.meta.url).pathname;
const parse = (text: string) => parseRiskPolicy(parseYaml(text, "policy.yaml"));
const DEFAULTS = { maxRejectedShare: 0.02, maxRejectedRows: 10, minSuppliersShare: 0.7 };

test("the product's own policy has the defaults, and equals a policy that leaves them out", async () => {
  const policy = await loadRiskPolicy(file);
  expect(policy.losses).toEqual(DEFAULTS);
  expect(policy.policyHash).toMatch(/^[0-9a-f]{64}$/);
  expect(parse("version: 1\n")).toEqual(policy);
  expect(parse("# a remark\nversion: 1\nweekly_losses: { max_rejected_rows: 10 }\n")).toEqual(policy);
});

test("drift: both ends of each limit, and the names of features that move", () => {
  const drift = (text: string) => parse(`version: 1\ndrift: { ${text} }\n`).drift;
  expect(parse("version: 1\n").drift).toEqual(DEFAULT_DRIFT_POLICY);
  expect(drift("moving_features: [age, tenure]").moving).toEqual(["age", "tenure"]);
  expect([drift("min_shift_sigma: 100").minShift, drift("min_share_change: 1").minShareChange]).toEqual([100, 1]);
  expect([drift("max_false_alarm_rate: 0.5").familyError, drift("min_rows: 20").minRows]).toEqual([0.5, 20]);
  for (const text of ["min_shift_sigma: 0", "min_shift_sigma: 100.1", "min_share_change: 0", "min_share_change: 1.1"])
    expect(() => drift(text)).toThrow("drift.min_sh");
  for (const text of ["max_false_alarm_rate: 0", "max_false_alarm_rate: 0.51"])
    expect(() => drift(text)).toThrow("a probability above 0 and at most 0.5");
  for (const text of ["min_rows: 19", "min_rows: 50.5"]) expect(() => drift(text)).toThrow("an integer from 20 to");
  expect(() => drift("moving_features: age")).toThrow("a list of names of features");
  expect(() => drift('moving_features: [""]')).toThrow("the name of a feature, 1 to 256 bytes");
});

test("a different limit has a different hash", () => {
  const other = parse("version: 1\nweekly_losses: { max_rejected_rows: 11 }\n");
  expect(other.losses).toEqual({ ...DEFAULTS, maxRejectedRows: 11 });
  expect(other.policyHash).not.toBe(parse("version: 1\n").policyHash);
});

test("reviews and retention: both ends of each limit, and neither changes the hash", () => {
  const policy = (text: string) => parse(`version: 1\n${text}\n`);
  expect(policy("reviews: { share: 0, max_suppliers: 1000 }").reviews).toEqual({ share: 0, maxSuppliers: 1_000 });
  for (const text of ["share: 1.1", "share: -0.1", "max_suppliers: 0", "max_suppliers: 1001"])
    expect(() => policy(`reviews: { ${text} }`)).toThrow("reviews.");
  expect(policy("retention: { score_weeks: 200 }").retention.outcomeWeeks).toBe(200);
  expect(policy("retention: { score_weeks: 20, outcome_weeks: 20 }").retention.outcomeWeeks).toBe(20);
  expect(() => policy("retention: { outcome_weeks: 52 }")).toThrow("at least score_weeks, which is 53");
  expect(policy("").retention).toMatchObject({ reportWeeks: null, auditPayloadDays: null, noteDays: null });
  const kept = "report_weeks: 4, audit_payload_days: 36500, note_days: forever";
  expect(policy(`retention: { ${kept} }`).retention).toMatchObject({
    ...{ reportWeeks: 4, auditPayloadDays: 36_500, noteDays: null },
  });
  for (const text of [
    "report_weeks: 3",
    "audit_payload_days: 29",
    "note_days: 36501",
    "note_days: never",
    "note_days: 30.5",
  ])
    expect(() => policy(`retention: { ${text} }`)).toThrow(/an integer from \d+ to \d+, or forever/);
  const { policyHash } = policy("reviews: { share: 0.1 }\nretention: { outcome_weeks: 60, note_days: 90 }");
  expect(policyHash).toBe(policy("").policyHash);
});

test("retrain: the defaults, both ends of each limit, and no change of the hash", () => {
  const retrain = (text: string) => parse(`version: 1\nretrain: { ${text} }\n`).retrain;
  expect(retrain("")).toEqual(DEFAULT_RETRAIN);
  expect(retrain("starts: by_hand, alias: none")).toMatchObject({ isAutomatic: false, alias: "none" });
  const bounds: readonly (readonly [key: string, low: number, high: number])[] = [
    ...([
      ["window_weeks", 4, 520],
      ["drift_alarms", 0, 1_000],
      ["max_age_days", 0, 3_650],
    ] as const),
    ...([
      ["new_outcomes", 0, 100_000],
      ["min_days_between", 1, 365],
      ["max_memory_mib", 64, 1_048_576],
    ] as const),
    ["max_minutes", 1, 1_440],
  ];
  for (const [key, low, high] of bounds) {
    expect(() => [retrain(`${key}: ${low}, min_weeks: 2`), retrain(`${key}: ${high}`)]).not.toThrow();
    for (const value of [low - 1, high + 1, 7.5, '"many"'])
      expect(() => retrain(`${key}: ${value}`), `${key} ${value}`).toThrow(`retrain.${key}`);
  }
  expect(retrain("min_weeks: 520, window_weeks: 520").minWeeks).toBe(520);
  expect(() => retrain("min_weeks: 1")).toThrow("retrain.min_weeks");
  expect(() => retrain("min_weeks: 21, window_weeks: 20")).toThrow("at most window_weeks, which is 20");
  expect(() => retrain("starts: sometimes")).toThrow("one of automatic, by_hand");
  expect(() => retrain("alias: champion")).toThrow("one of challenger, none");
  expect(parse("version: 1\nretrain: { starts: by_hand }\n").policyHash).toBe(parse("version: 1\n").policyHash);
});

test("replay: what is kept, and that it does not change the hash", () => {
  const policy = (text: string) => parse(`version: 1\nreplay: { ${text} }\n`);
  expect(parse("version: 1\n").replay).toEqual({ keepsFeatures: true, text: "weights" });
  expect(policy("keep_features: false").replay).toEqual({ keepsFeatures: false, text: "weights" });
  expect(policy("text: hash").replay).toEqual({ keepsFeatures: true, text: "hash" });
  expect(policy("text: hash").policyHash).toBe(parse("version: 1\n").policyHash);
  expect(() => policy("text: text")).toThrow("weights or hash");
  expect(() => policy("keep_features: maybe")).toThrow("true or false");
});

test("names every violation at once, with its line", () => {
  const text = `version: 2
weekly_losses:
  max_rejected_share: 2
  max_rejected_rows: 1.5
  min_suppliers_share: "70 %"
  min_supplier_share: 0.7
`;
  let message = "";
  try {
    parse(text);
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain("5 violation(s)");
  expect(message).toContain("policy.yaml:1:10 version: found 2, expected 1");
  expect(message).toContain("policy.yaml:3:23 weekly_losses.max_rejected_share: found 2, expected a share from 0 to 1");
  expect(message).toContain(
    "policy.yaml:4:22 weekly_losses.max_rejected_rows: found 1.5, expected an integer from 0 to",
  );
  expect(message).toMatch(/policy\.yaml:5:\d+ weekly_losses\.min_suppliers_share: found "70 %"/);
  expect(message).toContain('policy.yaml:6:3 weekly_losses: found the unknown key "min_supplier_share"');
});

test("accepts both ends of each limit and rejects values beyond them", () => {
  const losses = (key: string, value: number) => parse(`version: 1\nweekly_losses: { ${key}: ${value} }\n`).losses;
  for (const key of ["max_rejected_share", "min_suppliers_share"]) {
    expect([losses(key, 0), losses(key, 1)]).toHaveLength(2);
    for (const value of [-0.01, 1.01]) expect(() => losses(key, value)).toThrow("a share from 0 to 1");
  }
  expect(losses("max_rejected_rows", 0).maxRejectedRows).toBe(0);
  expect(losses("max_rejected_rows", 1_000_000_000).maxRejectedRows).toBe(1_000_000_000);
  for (const value of [-1, 1_000_000_001])
    expect(() => losses("max_rejected_rows", value)).toThrow("an integer from 0 to 1000000000");
});
