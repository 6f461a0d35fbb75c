import { PredictBatchResponseSchema } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { scoreRows, scoresOf } from "./score-rows.ts";

test("the scores of a stored chunk are read again to the last bit, whatever the texts contain", () => {
  const names = ['Müller, "Ltd"\n& Co', "=1+1", "", ",,,\r\n"];
  const values = [0.1 + 0.2, Number.NaN, 1e-17, 1];
  const none = names.map(() => null);
  const chunk = {
    ...{ index: 0, rows: 4, supplierIds: names.map((name, i) => `${name}${i}`), asOfDays: null, texts: null },
    ...{ numbers: new Map<string, Float64Array>(), categories: new Map<string, (string | null)[]>() },
    attributes: { displayName: names, region: none, category: none, owner: none, exposure: new Float64Array(4) },
  };
  const scores = create(PredictBatchResponseSchema, {
    riskScores: new Uint8Array(Float64Array.from(values).buffer),
    missingCounts: new Uint8Array(8),
    bands: new Uint8Array(4),
  });
  expect([...scoresOf(scoreRows(chunk, scores))]).toEqual(values);
  expect([...scoresOf("")]).toEqual([]);
});
