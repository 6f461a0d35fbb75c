import { expect, test } from "vitest";
import { noInputText } from "./no-input-text.ts";

const PEERS = { ML_SERVICE_URL: "http://localhost:9081", OPS_SERVICE_URL: "http://localhost:9080" };

test("a missing weekly file is named with its folder, the variables, and a command that can be pasted", () => {
  expect(noInputText({ env: {}, cwd: "/home/jo" }, PEERS, "2026-W47")).toBe(
    "the weekly file is missing: new_data_weekly.csv (WEEKLY_INPUT) does not exist in /home/jo (WEEKLY_INPUT_FOLDER). Put it there, and the scheduler runs it at its next time; or set WEEKLY_INPUT_FOLDER or WEEKLY_INPUT and start again; or run a file while the services run: npx bellwether weekly run --week 2026-W47 --input FILE; or make a file of demo suppliers: npx bellwether demo (demo/new_data_weekly.csv)",
  );
});

test("the command has what another terminal does not have: configuration and ports", () => {
  const env = {
    ...{ WEEKLY_INPUT: "{week}.csv", WEEKLY_INPUT_FOLDER: "in", BELLWETHER_MODEL_CONFIG: "my files/model.yaml" },
    BELLWETHER_FEATURE_MAPPING: "mapping.yaml",
  };
  const text = noInputText(
    { env, cwd: "/home/jo" },
    { ...PEERS, OPS_SERVICE_URL: "http://localhost:4711" },
    "2026-W47",
  );
  expect(text).toContain("2026-W47.csv (WEEKLY_INPUT) does not exist in /home/jo/in (WEEKLY_INPUT_FOLDER)");
  expect(text).toContain("Put it there, and run the week: npx bellwether weekly trigger --week 2026-W47 ");
  expect(text).not.toContain("runs it at its next time");
  expect(text).not.toContain("demo");
  expect(text).toMatch(
    /run --week 2026-W47 --input FILE --config 'my files\/model\.yaml' --mapping mapping\.yaml --ops http:\/\/localhost:4711$/,
  );
});

test("nothing of the URL of an object is said: it can have a secret", () => {
  const env = { WEEKLY_INPUT: "s3://key:secret@lake/in.csv" };
  expect(noInputText({ env, cwd: "/" }, PEERS, "2026-W47")).not.toContain("secret@");
});
