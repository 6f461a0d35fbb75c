import { expect, test } from "vitest";
import { withAddress } from "./run-week.ts";

const URLS = { "ml-service": "http://localhost:9081", "ops-service": "http://localhost:9080" };
const AWAY =
  "ops-service does not answer (connect ECONNREFUSED); run the command again later, and the run continues where it stopped";

test("a service that does not answer before anything was run is started first", () => {
  const text = withAddress(AWAY, URLS, false);
  expect(text).toMatch(
    /^ops-service does not answer \(connect ECONNREFUSED\); npx bellwether start starts the services on this machine; then run the command again\. Its address here is http:\/\/localhost:9080;/,
  );
  expect(withAddress("ml-service does not answer", URLS, false)).toContain(
    "; npx bellwether start starts the services",
  );
});

test("a run that has begun continues, and a service that rejects calls for a while is not started again", () => {
  expect(withAddress(AWAY, URLS, true)).toContain("the run continues where it stopped. Its address");
  expect(withAddress("ops-service cannot take the call", URLS, false)).not.toContain("npx bellwether start");
  expect(withAddress("the disk is full", URLS, false)).toBe("the disk is full");
});
