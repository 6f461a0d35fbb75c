import { expect, test } from "vitest";
import { readDecision } from "./recorded-decision.ts";

const model = { name: "m", version: "v1" };
const score = {
  ...{ prediction_id: "p", model, risk_score_bits: "3fe0000000000000", band: "medium" },
  input: { features: { a: 1 }, categories: { region: "EU" } },
};
const read = (payload: unknown, kind = "prediction.served") =>
  readDecision({ kind, subject: "S_1", payload: JSON.stringify(payload) }, () => undefined);

test("a text without any of the model's terms, and a text of a model without terms, are texts", () => {
  const input = { ...score.input, contract_text_sha256: "f".repeat(64) };
  expect(read({ ...score, input: { ...input, term_weights: { late: 0 } } })).toMatchObject({
    supplier: { contractText: "", termWeights: { late: 0 } },
  });
  expect(read({ ...score, input: { ...input, term_weights: {} } })).toMatchObject({
    supplier: { contractText: "text", termWeights: {} },
  });
  expect(read({ ...score, input })).toMatchObject({ code: "text_not_kept" });
  expect(read(score)).toMatchObject({ supplier: { supplierId: "S_1", contractText: "", termWeights: {} } });
});

test("an input that is no longer there, or in another form, is a finding and not an error", () => {
  const { input: _, ...without } = score;
  expect(read(without)).toMatchObject({ code: "input_not_kept" });
  for (const input of [
    { features: { a: "1" }, categories: {} },
    { features: [], categories: {} },
    {},
    { not_kept: "constructor" },
  ])
    expect(read({ ...score, input })).toMatchObject({ code: "input_not_kept" });
  expect(
    read({ model, input: { message: "x", bytes: "AA==" }, answers: { risk_scores: "" } }, "batch.served"),
  ).toMatchObject({
    code: "input_not_kept",
  });
});

test("events without a model or a prediction are no scores", () => {
  for (const payload of [{}, { model }, { ...score, model: { name: "m" } }, { ...score, model: "m" }])
    expect(read(payload)).toMatchObject({ code: "not_a_score" });
  expect(readDecision({ kind: "x", subject: "", payload: "" }, () => undefined)).toMatchObject({ code: "not_a_score" });
});
