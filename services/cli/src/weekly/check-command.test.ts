import { expect, test } from "vitest";
import { inputReportLines, outcomeText } from "./check-command.ts";
import { type InputReport, withConfigFiles } from "./run-week.ts";

const REPORT: InputReport = {
  ...{ iso_week: "2026-W47", as_of: "2026-11-22", outcome: "published", reason: "", compared_with: "2026-W46" },
  ...{
    suppliers: 3,
    suppliers_without_score: 0,
    rows_rejected: 0,
    rejected_reasons: [],
    failures: [],
    notes: [],
    lines: [],
  },
};
const lastLine = (report: InputReport, given = {}): string | undefined => inputReportLines(report, given).at(-1);

test("a week that is complete with the same input is not called one that a run would publish", () => {
  expect(lastLine(REPORT)).toBe("a run would publish 2026-W47");
  expect(lastLine({ ...REPORT, outcome: "complete" }, { ops: "http://risk:9080", config: "c.yaml" })).toBe(
    "2026-W47 is complete already with this input: a run would do nothing. To score it again, ask for a new revision first: npx bellwether weekly supersede --week 2026-W47 --reason TEXT --ops http://risk:9080",
  );
});

const FILES = { config: "config/model_config.yaml", mapping: "config/feature_mapping.yaml" };
const HINT =
  ". The files of the data set are here config/model_config.yaml and config/feature_mapping.yaml; name others with --config FILE and --mapping FILE";

test.each([
  'it has no column "delivery_score"; it has "points"',
  "/app/config/model_config.yaml: found no file at this path",
  "the mapping does not provide late_ratio",
])("an error about the data set names the files that were used, and the way out: %s", (message) => {
  expect(withConfigFiles(message, FILES, {})).toBe(message + HINT);
  expect(withConfigFiles(message, FILES, { config: "a" })).toBe(message + HINT);
  expect(withConfigFiles(message, FILES, { config: "a", mapping: "b" })).toBe(message);
});

test("an error about an unknown model says which file names the model", () => {
  const message = 'ml-service rejects the call: no model "supplier-risk" in the registry';
  expect(withConfigFiles(message, FILES, {})).toBe(
    `${message}. The name of the model is from config/model_config.yaml; with another data set, name its files with --config FILE and --mapping FILE (BELLWETHER_MODEL_CONFIG and BELLWETHER_FEATURE_MAPPING)`,
  );
  expect(withConfigFiles(message, FILES, { config: "a", mapping: "b" })).toBe(message);
});

test("another error stays as it is", () => {
  expect(withConfigFiles("ops-service does not answer", FILES, {})).toBe("ops-service does not answer");
});

test.each(["not_whole", "not_compared"] as const)("the reason of an input that is %s is printed once", (outcome) => {
  const report = {
    ...REPORT,
    outcome,
    reason: "ops-service is away",
    ...(outcome === "not_whole" && { suppliers: null }),
  };
  const screen = [...inputReportLines(report, {}), outcomeText(report)].join("\n");
  expect(screen.match(/ops-service is away/g)).toHaveLength(1);
});

test("suppliers without a score are counted in the first line; none and an unknown number are not mentioned", () => {
  const firstLine = (suppliers_without_score: number | null) =>
    inputReportLines({ ...REPORT, suppliers_without_score }, {})[0];
  expect(firstLine(2)).toBe(
    "2026-W47 (as of 2026-11-22): 3 suppliers (2 of them without a score), 0 rows rejected; compared with 2026-W46",
  );
  for (const unknown of [0, null]) expect(firstLine(unknown)).toContain("3 suppliers, 0 rows rejected");
});
