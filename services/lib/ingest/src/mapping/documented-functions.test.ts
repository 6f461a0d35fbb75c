import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ALLOWED_FUNCTIONS, ALLOWED_TABLE_FUNCTIONS } from "./allowed-functions.ts";

test("docs/mapping.md lists exactly the functions that a mapping may use", async () => {
  const page = await readFile(new URL("../../../../../docs/mapping.md", import.meta.url), "utf8");
  const [, list = ""] = /<!-- allowed functions -->([\s\S]*?)<!-- end of allowed functions -->/.exec(page) ?? [];
  const listed = [...list.matchAll(/`([^`\s]+)`/g)].map(([, name]) => name);
  expect(listed.toSorted()).toEqual([...ALLOWED_FUNCTIONS].toSorted());
  for (const name of ALLOWED_TABLE_FUNCTIONS) expect(page).toContain(`\`${name}\``);
});
