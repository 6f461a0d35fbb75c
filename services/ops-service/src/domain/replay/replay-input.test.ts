import { expect, test } from "vitest";
import { keptPayload } from "./replay-input.ts";

const ALL = { keepsFeatures: true, text: "weights" } as const;
const NO_WEIGHTS = { keepsFeatures: true, text: "hash" } as const;
const NOTHING = { keepsFeatures: false, text: "weights" } as const;
const payload = JSON.stringify({
  risk_score: 0.5,
  input: { features: { a: 1 }, categories: {}, contract_text_sha256: "x", term_weights: { late: 0.5 } },
  answers: { risk_scores: "AA==" },
  contribution_bits: { "contract_text:late": "3fe0000000000000" },
});

test("a policy that keeps everything leaves the payload as it was sent, byte for byte", () => {
  const spaced = '{ "input": {"features":{} } }';
  expect(keptPayload(spaced, ALL)).toBe(spaced);
  expect(keptPayload(payload, ALL)).toBe(payload);
});

test("weights of terms and features are left out where the policy says so", () => {
  expect(JSON.parse(keptPayload(payload, NO_WEIGHTS))).toEqual({
    risk_score: 0.5,
    input: { features: { a: 1 }, categories: {}, contract_text_sha256: "x" },
  });
  const withoutText = JSON.stringify({ contribution_bits: { a: "3f" }, input: { features: { a: 1 }, categories: {} } });
  expect(keptPayload(withoutText, NO_WEIGHTS)).toBe(withoutText);
  expect(JSON.parse(keptPayload(payload, NOTHING))).toEqual({ risk_score: 0.5, input: { not_kept: "policy" } });
});

test("payloads without an input stay as they are", () => {
  for (const other of ["", "{}", '{"note":"\\"input\\":"}', '{"a":{"input":{"features":{}}}}', '{"input":"text"}'])
    expect(keptPayload(other, NOTHING)).toBe(other);
});
