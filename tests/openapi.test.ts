import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { openApiDocument } from "../scripts/openapi/openapi-document.ts";

const ROOT = path.resolve(import.meta.dirname, "..");
const text = readFileSync(path.join(ROOT, "services/lib/mesh/openapi.json"), "utf8");

test("services/lib/mesh/openapi.json is the document of the contract (npm run openapi writes it)", () => {
  expect(text === `${JSON.stringify(openApiDocument(ROOT), null, 1)}\n`).toBe(true);
});

test("every reference of the document has its schema, and every RPC has a description", () => {
  const document = JSON.parse(text);
  const references = new Set([...text.matchAll(/"\$ref": "#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name));
  expect([...references].filter((name) => !Object.hasOwn(document.components.schemas, name ?? ""))).toEqual([]);
  const rpcs = Object.entries<{ post: { description?: string } }>(document.paths).filter(([name]) =>
    name.includes("."),
  );
  expect(rpcs.length).toBeGreaterThan(40);
  expect(rpcs.filter(([, { post }]) => !post.description).map(([name]) => name)).toEqual([]);
});
