import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = new URL("../../../../", import.meta.url).pathname;

/** Names that sources pass to the readers of env.ts. */
async function namesRead(): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const file of glob("services/**/src/**/*.ts", {
    cwd: ROOT,
    exclude: ["**/node_modules/**", "**/*.test.ts"],
  })) {
    const source = await readFile(join(ROOT, file), "utf8");
    for (const [, name = ""] of source.matchAll(/\benv\.\w+\(\s*"([A-Z][A-Z0-9_]+)"/g)) names.add(name);
  }
  return names;
}

test("config/example.env documents every variable that a service reads", async () => {
  const example = await readFile(join(ROOT, "config/example.env"), "utf8");
  const documented = new Set([...example.matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name));
  expect(documented.has("BELLWETHER_HOST")).toBe(true);
  expect([...(await namesRead())].filter((name) => !documented.has(name)).sort()).toEqual([]);
});
