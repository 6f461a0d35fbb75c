import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { unknownVariables, VARIABLE_NAMES } from "./variable-names.ts";

test("the names are those of config/example.env", async () => {
  const example = await readFile(new URL("../../../../config/example.env", import.meta.url), "utf8");
  const documented = [...example.matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = ""]) => name);
  expect(VARIABLE_NAMES).toEqual([...new Set(documented)].sort());
});

test("a misspelt variable is found with the name that was meant; variables of others are not", () => {
  const source = { BELLWETHER_LOGLEVEL: "debug", WEEKLY_CRON: "0 6 * * 1", PATH: "/bin", BELLWETHER_XYZ_QQ: "1" };
  expect(unknownVariables(source)).toEqual([
    { name: "BELLWETHER_LOGLEVEL", nearest: "BELLWETHER_LOG_LEVEL" },
    { name: "BELLWETHER_XYZ_QQ", nearest: null },
  ]);
});
