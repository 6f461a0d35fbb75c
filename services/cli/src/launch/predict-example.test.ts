import { expect, test } from "vitest";
import { alertsExample, predictExample } from "./predict-example.ts";

test("a supplier of the demo is shown for the demo's model alone", () => {
  expect(predictExample("http://localhost:1", null, false)).toMatch(
    /curl -s http:\/\/localhost:1\/predict -d '\{"supplier_id"/,
  );
  const own = predictExample("http://localhost:1", "my-risk", false);
  expect(own).toContain("models show --model my-risk");
  expect(own).not.toContain("past_disputes");
});

test("the examples have the header of the token when the services check tokens", () => {
  const header = '-H "Authorization: Bearer $(cat "$BELLWETHER_TOKEN_FILE")"';
  expect(alertsExample("http://localhost:1", true)).toBe(`  curl -s ${header} 'http://localhost:1/alerts?page_size=3'`);
  expect(alertsExample("http://localhost:1", false)).toBe("  curl -s 'http://localhost:1/alerts?page_size=3'");
  expect(predictExample("http://localhost:1", null, true)).toContain(`curl -s ${header} http://localhost:1/predict`);
});
