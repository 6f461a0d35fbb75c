import { Command } from "commander";
import { expect, test } from "vitest";
import { givenOptions, weeklyCommandText } from "./given-options.ts";

const given = (...args: string[]) =>
  givenOptions(
    new Command()
      .option("--config <file>", "", "config/model_config.yaml")
      .option("--ops <url>")
      .option("--json")
      .parse(args, { from: "user" }),
  );

test("options of the command line are given; defaults, variables and other options are not", () => {
  expect(given("--config", "my model.yaml", "--json")).toEqual({ config: "my model.yaml" });
  expect(given()).toEqual({});
});

test("a command has those of the given options that it knows, in quotes where a shell needs them", () => {
  const options = given("--config", "my model.yaml", "--ops", "http://risk:9080");
  expect(weeklyCommandText("run", "--week 2026-W47 --input FILE", options)).toBe(
    "npx bellwether weekly run --week 2026-W47 --input FILE --config 'my model.yaml' --ops http://risk:9080",
  );
  expect(weeklyCommandText("approve", "--week 2026-W47 --reason TEXT", options)).toBe(
    "npx bellwether weekly approve --week 2026-W47 --reason TEXT --ops http://risk:9080",
  );
  expect(weeklyCommandText("resume", "", options)).toBe("npx bellwether weekly resume");
});
