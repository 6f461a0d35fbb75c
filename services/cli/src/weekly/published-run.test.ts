import { check } from "@bellwether/plausibility/check";
import { expect, test } from "vitest";
import { publishedLines, publishedToJson, readPublishedRun } from "./published-run.ts";

test("the alerts and checks of a complete run are lines, as weekly run prints them", () => {
  const run = { alertsRaised: 1, checks: [check("rows", "passed", "4 rows"), check("unit", "failed", "× 100")] };
  expect(publishedLines(run)).toEqual(["1 alert raised", "check failed: unit: × 100", "check passed: rows"]);
  expect(publishedToJson(run)).toMatchObject({ alerts_raised: 1, checks: [{ kind: "rows" }, { kind: "unit" }] });
});

test("an ops-service that does not answer leaves them unknown, and is named", async () => {
  const away = await readPublishedRun({ env: {}, cwd: "." }, "http://127.0.0.1:1", 7);
  expect(publishedLines(away)).toEqual([
    expect.stringMatching(/^alerts and checks are not known: ops-service does not answer at http:/),
  ]);
  expect(publishedToJson(away)).toEqual({ alerts_raised: null, checks: null });
});
