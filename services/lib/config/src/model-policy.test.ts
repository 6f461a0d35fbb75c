import { expect, test } from "vitest";
import { parseModelPolicy } from "./model-policy.ts";
import { parseRiskPolicy } from "./risk-policy.ts";
import { parseYaml } from "./yaml-file.ts";

const SHARED = parseRiskPolicy(
  parseYaml("version: 1\nexpected_impact: { currency: USD }\nretention: { score_weeks: 20 }\n", "risk_policy.yaml"),
);
const parse = (yaml: string) => parseModelPolicy(parseYaml(yaml, "delivery/risk_policy.yaml"), SHARED);

test("a model has limits of its own, and the currency and retention of the installation", () => {
  const policy = parse("version: 1\nweekly_losses: { max_rejected_share: 0.5 }\ndrift: { min_rows: 99 }\n");
  expect(policy.losses.maxRejectedShare).toBe(0.5);
  expect(policy.drift.minRows).toBe(99);
  expect([policy.impact.currency, policy.retention.scoreWeeks]).toEqual(["USD", 20]);
  expect(policy.policyHash).not.toBe(SHARED.policyHash);
  expect(parse("version: 1\n").policyHash).toBe(SHARED.policyHash);
});

test("a shared section may be repeated with the same values, and not with other ones: all are reported", () => {
  expect(parse("version: 1\nexpected_impact: { currency: USD }\n").impact).toEqual(SHARED.impact);
  expect(() =>
    parse(
      "version: 1\nexpected_impact: { currency: EUR }\ncompleteness: { minimum_share: 0.75 }\nretention: {}\nreviews: { share: 0.1 }\n",
    ),
  ).toThrow(
    "3 violation(s) in the configuration:\n" +
      "  delivery/risk_policy.yaml:2:18 expected_impact: found other values, expected no such section: it is that of the default model (BELLWETHER_RISK_POLICY)\n" +
      "  delivery/risk_policy.yaml:4:12 retention: found other values, expected no such section: it is that of the default model (BELLWETHER_RISK_POLICY)\n" +
      "  delivery/risk_policy.yaml:5:10 reviews: found other values, expected no such section: it is that of the default model (BELLWETHER_RISK_POLICY)",
  );
});
