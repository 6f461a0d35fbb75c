import { expect, test } from "vitest";
import { predictExample } from "./predict-example.ts";

test("a supplier of the demo is shown for the demo's model alone", () => {
  expect(predictExample("http://localhost:1", null)).toMatch(
    /curl -s http:\/\/localhost:1\/predict -d '\{"supplier_id"/,
  );
  const own = predictExample("http://localhost:1", "my-risk");
  expect(own).toContain("models show --model my-risk");
  expect(own).not.toContain("past_disputes");
});
