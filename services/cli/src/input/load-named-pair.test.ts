import { ConfigError } from "@bellwether/config/config-error";
import { expect, test } from "vitest";
import { withDefaultFile } from "./load-named-pair.ts";

const error = new ConfigError([]);
const [CONFIG, MAPPING] = ["config/model_config.yaml", "config/feature_mapping.yaml"];

test("one file of a data set without the other one is reported before the violations", () => {
  const text = String(withDefaultFile(error, { config: "mine/model_config.yaml", mapping: MAPPING }, {}));
  expect(text).toMatch(
    /^UsageError: --config was given without --mapping, which is config\/feature_mapping\.yaml here: the two files describe one data set; name both\n0 violation/,
  );
  const mapped = String(withDefaultFile(error, { config: CONFIG, mapping: "mine/map.yaml" }, {}));
  expect(mapped).toContain("--mapping was given without --config, which is config/model_config.yaml here");
});

test("both files, none of them, files of the environment and other errors stay as they are", () => {
  expect(withDefaultFile(error, { config: "a", mapping: "b" }, {})).toBe(error);
  expect(withDefaultFile(error, { config: CONFIG, mapping: MAPPING }, {})).toBe(error);
  const env = { BELLWETHER_MODEL_CONFIG: "a", BELLWETHER_FEATURE_MAPPING: "b" };
  expect(withDefaultFile(error, { config: "a", mapping: "b" }, env)).toBe(error);
  const other = new Error("no");
  expect(withDefaultFile(other, { config: "a", mapping: MAPPING }, {})).toBe(other);
});
