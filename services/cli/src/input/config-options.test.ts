import { Command } from "commander";
import { expect, test } from "vitest";
import { withConfigOptions } from "./config-options.ts";

const parse = (env: Record<string, string>, ...args: string[]) =>
  withConfigOptions(new Command(), { env }).parse(args, { from: "user" }).opts();

test("the option is used, else the variable of the services, else the file in config/", () => {
  const env = { BELLWETHER_MODEL_CONFIG: "mine/model.yaml", BELLWETHER_FEATURE_MAPPING: "mine/mapping.yaml" };
  expect(parse(env, "--config", "other.yaml")).toEqual({ config: "other.yaml", mapping: "mine/mapping.yaml" });
  expect(parse({})).toEqual({ config: "config/model_config.yaml", mapping: "config/feature_mapping.yaml" });
  expect(parse({ BELLWETHER_MODEL_CONFIG: " " }).config).toBe("config/model_config.yaml");
});

test("the help names variable and file", () => {
  const help = withConfigOptions(new Command(), { env: {} }).helpInformation().replace(/\s+/g, " ");
  expect(help).toContain("BELLWETHER_MODEL_CONFIG; if not set, config/model_config.yaml");
});
