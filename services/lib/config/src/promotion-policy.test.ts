import { expect, test } from "vitest";
import { DEFAULT_PROMOTION_POLICY } from "./promotion-policy.ts";
import { loadRiskPolicy, parseRiskPolicy } from "./risk-policy.ts";
import { parseYaml } from "./yaml-file.ts";

const file = new URL("../../../../config/risk_policy.yaml", import.meta.url).pathname;
const parse = (text: string) => parseRiskPolicy(parseYaml(text, "policy.yaml"));
const promotion = (text: string) => parse(`version: 1\npromotion: { ${text} }\n`).promotion;

test("the product's own policy has the defaults, and a person decides", async () => {
  expect((await loadRiskPolicy(file)).promotion).toEqual(DEFAULT_PROMOTION_POLICY);
  expect(parse("version: 1\n").promotion).toEqual(DEFAULT_PROMOTION_POLICY);
  expect(DEFAULT_PROMOTION_POLICY.isAutomatic).toBe(false);
});

test("both ends of each limit are accepted, and values beyond them are not", () => {
  const limits: readonly (readonly [key: string, low: number, high: number, step: number])[] = [
    ["min_class_suppliers", 10, 100_000, 1],
    ["min_auc_gain", -0.1, 0.5, 0.01],
    ["max_average_precision_loss", 0, 1, 0.01],
    ["max_brier_increase", 0, 1, 0.01],
    ["max_calibration_error_increase", 0, 1, 0.01],
    ["min_importance_correlation", -1, 1, 0.01],
    ["max_row_time_ratio", 1, 1_000, 0.01],
    ["max_changed_alerts", 0, 1, 0.01],
  ];
  for (const [key, low, high, step] of limits) {
    expect(() => [promotion(`${key}: ${low}`), promotion(`${key}: ${high}`)]).not.toThrow();
    for (const value of [low - step, high + step, ".nan", '"1"'])
      expect(() => promotion(`${key}: ${value}`)).toThrow(`promotion.${key}`);
  }
  expect(promotion("automatic: true").isAutomatic).toBe(true);
  expect(() => promotion('automatic: "yes"')).toThrow("true or false");
});

test("every violation is reported at once, with its line", () => {
  let message = "";
  try {
    parse("version: 1\npromotion:\n  automatic: 1\n  min_auc_gain: 2\n  max_changed_alert: 0.2\n");
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain("3 violation(s)");
  expect(message).toContain("policy.yaml:3:14 promotion.automatic: found 1, expected true or false");
  expect(message).toContain("policy.yaml:4:17 promotion.min_auc_gain: found 2");
  expect(message).toContain('policy.yaml:5:3 promotion: found the unknown key "max_changed_alert"');
});

test("the promotion does not change the hash of the policy, because it changes no result of a run", () => {
  expect(parse("version: 1\npromotion: { automatic: true }\n").policyHash).toBe(parse("version: 1\n").policyHash);
});
