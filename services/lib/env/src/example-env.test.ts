import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_PORTS } from "@bellwether/contract/default-ports";
import { expect, test } from "vitest";

const ROOT = new URL("../../../../", import.meta.url).pathname;

/** Returns the source text of all services, concatenated. */
async function readSources(): Promise<string> {
  const sources: string[] = [];
  for await (const file of glob("services/**/src/**/*.ts", {
    cwd: ROOT,
    exclude: ["**/node_modules/**", "**/*.test.ts"],
  }))
    sources.push(await readFile(join(ROOT, file), "utf8"));
  return sources.join("\n");
}

/** Returns the names of the variables that the example sets, or sets in a commented line. */
async function namesDocumented(): Promise<Set<string>> {
  const example = await readFile(join(ROOT, "config/example.env"), "utf8");
  return new Set([...example.matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = ""]) => name));
}

test("config/example.env documents every variable that a service reads", async () => {
  const documented = await namesDocumented();
  const read = (await readSources()).matchAll(/\benv\.\w+\(\s*"([A-Z][A-Z0-9_]+)"/g);
  expect(documented.has("BELLWETHER_HOST")).toBe(true);
  expect([...new Set([...read].map(([, name = ""]) => name))].filter((name) => !documented.has(name)).sort()).toEqual(
    [],
  );
});

test("config/example.env documents only variables that a service reads", async () => {
  const sources = await readSources();
  // The variable of a port is the service's name followed by this suffix; the sources contain only the
  // suffix.
  const isRead = (name: string) => sources.includes(name.replace(/^(OPS|ML|SCHEDULER)_SERVICE(?=_\w+_PORT$)/, ""));
  expect([...(await namesDocumented())].filter((name) => !isRead(name))).toEqual([]);
});

test("config/example.env and the Dockerfiles use the default ports", async () => {
  const read = (file: string) => readFile(join(ROOT, file), "utf8");
  const example = await read("config/example.env");
  const exposed = `${await read("deploy/Dockerfile.ml")}${await read("deploy/Dockerfile.ops")}`.match(/^EXPOSE .*$/gm);
  for (const [service, ports] of Object.entries(DEFAULT_PORTS))
    for (const [listener, port] of Object.entries(ports)) {
      expect(example).toContain(`\n${service}_${listener.toUpperCase()}_PORT=${port}\n`);
      expect(exposed?.join(" ").split(" ")).toContain(String(port));
    }
});
