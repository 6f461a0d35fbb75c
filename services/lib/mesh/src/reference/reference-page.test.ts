import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ApiDocument, ApiOperation, ApiSchema } from "./api-document.ts";
import { commandOf, splitErrors } from "./operation-html.ts";
import { referencePage } from "./reference-page.ts";
import { limitsHtml, typeHtml, unitOf } from "./schema-words.ts";

const document: ApiDocument = JSON.parse(readFileSync(new URL("../../openapi.json", import.meta.url), "utf8"));
const page = referencePage(document);

/** Returns the entry of an operation. */
const entryOf = (id: string): string =>
  page.split('<details class="operation"').find((entry) => entry.includes(`<h3 id="${id}">`)) ?? "";
const rowOf = (entry: string, field: string): string[] => {
  const row = entry.split("<tr>").find((one) => one.includes(`<code>${field}</code></th>`)) ?? "";
  return [...row.matchAll(/<td>(.*?)<\/td>/gs)].map(([, cell = ""]) => cell.replace(/<[^>]+>/g, ""));
};

test("operations are grouped by service, each with its path, its fields, its errors and an example", () => {
  const operations = Object.values(document.paths).flatMap((verbs) => Object.values(verbs));
  expect(page.match(/<details class="operation"/g)).toHaveLength(operations.length);
  for (const { operationId } of operations) {
    const entry = entryOf(operationId);
    expect(entry, operationId).toContain("<h4>Example</h4>");
    expect(entry, operationId).toMatch(/<caption>|no fields|<p>Answer: /);
    expect(entry, operationId).toContain('href="#errors"');
  }
  const entry = entryOf("BatchService_ApproveRun");
  expect(entry).toContain('<span class="verb">POST</span> /bellwether.ops.v1.BatchService/ApproveRun');
  expect(entry).toContain("Role of the caller: <code>admin</code>. A repetition changes nothing.");
  expect(entry).toContain(
    "Each installation has its own: take <code>runId</code> from <code>BatchService/ListRuns</code>.",
  );
  expect(entryOf("AlertService_GetAlert")).toContain(
    "take <code>alertId</code> from <code>AlertService/ListAlerts</code>.",
  );
  expect(entryOf("SupplierService_GetSupplier")).not.toContain("Each installation has its own");
  expect(rowOf(entry, "runId")).toEqual([
    "whole number",
    "required",
    expect.stringContaining("1 to 2,147,483,647"),
    "Id of the run, from 1.",
  ]);
  expect(rowOf(entry, "reason").slice(0, 2)).toEqual(["text", "required"]);
  expect(entry).toContain(
    "<code>FAILED_PRECONDITION</code></th><td>400</td><td>the run is not held, for example because it is complete or voided",
  );
});

test("every link of the page has its target, no id is there twice, and nothing is raw JSON of a schema", () => {
  const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const dead = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id).filter((id) => !ids.includes(id));
  expect(dead).toEqual([]);
  expect(page).not.toContain("$ref");
  expect(page).not.toContain("additionalProperties");
});

test("texts of the document are escaped", () => {
  const hostile = `<img src=x onerror=alert(1)>"'&`;
  const schema: ApiSchema = {
    description: hostile,
    properties: { [hostile]: { description: hostile, pattern: hostile, enum: [hostile], "x-oneof": hostile } },
  };
  const operation: ApiOperation = {
    ...{
      operationId: hostile,
      summary: hostile,
      description: `${hostile}\n- NOT_FOUND: ${hostile}`,
      "x-role": hostile,
    },
    requestBody: { content: { "application/json": { schema, example: { hostile } } } },
    responses: { 200: { content: { "application/json": { schema, example: hostile } } } },
  };
  const html = referencePage({
    paths: { [`/${hostile}`]: { post: operation } },
    components: { schemas: { [hostile]: schema } },
  });
  expect(html).not.toContain("<img");
  expect(html.replaceAll("&#39;", "").replaceAll("&quot;", "")).not.toMatch(/onerror=alert\(1\)>/);
});

test("limits, types and units are said in words", () => {
  const limits = (schema: ApiSchema): string => limitsHtml(schema);
  expect(limits({ type: "string", minLength: 1, maxLength: 2_000 })).toBe("1 to 2,000 characters");
  expect(limits({ type: "string", pattern: "^[^\\x00]*$" })).toBe("");
  expect(limits({ type: "integer", minimum: 0, maximum: 2 ** 32 - 1 })).toBe("0 or more");
  expect(limits({ type: "array", maxItems: 4, uniqueItems: true, items: { type: "string", maxLength: 9 } })).toBe(
    "at most 4 entries; no entry twice; each: at most 9 characters",
  );
  expect(limits({ anyOf: [{ const: 0 }, { type: "number", exclusiveMinimum: 0, maximum: 1 }] })).toBe(
    "at most 1, more than 0",
  );
  expect(limits({ type: "string", pattern: "^-?[0-9]+$", "x-bounds": "minimum 1, maximum 9" })).toBe("from 1, to 9");
  expect(typeHtml({ anyOf: [{ type: "number" }, { enum: ["NaN", "Infinity"] }] }, {})).toBe("number");
  expect(typeHtml({ anyOf: [{ type: "string" }, { type: "null" }] }, {})).toBe("text or null");
  expect(typeHtml({ enum: ["low", "high"] }, {})).toBe("one of: <code>low</code>, <code>high</code>");
  expect(unitOf("maxAgeMs", { type: "integer" })).toBe("milliseconds");
  expect(unitOf("rows", { type: "string", pattern: "^-?[0-9]+$" })).toBe("rows");
  expect(unitOf("days", { type: "string" })).toBe("");
});

test("the errors of a description are divided from its text, with the lines that continue them", () => {
  expect(splitErrors("Does it.\nTwice.\n- NOT_FOUND: there is\n  none.\n- ABORTED: another.\nThe end.")).toEqual({
    text: "Does it.\nTwice.\nThe end.",
    errors: [
      { code: "NOT_FOUND", when: "there is none." },
      { code: "ABORTED", when: "another." },
    ],
  });
});

test("the command of an example can be pasted into a shell", () => {
  const json = { content: { "application/json": { schema: {}, example: { reason: "it's right" } } } };
  const operation: ApiOperation = { operationId: "a", requestBody: json, responses: {} };
  expect(commandOf({ path: "/a", verb: "POST", operation })).toBe(
    `curl -s "$URL/a" \\\n  -H "authorization: Bearer $TOKEN" \\\n  -H "content-type: application/json" \\\n  -d '{"reason":"it'\\''s right"}'`,
  );
  const parameters = [{ name: "supplier_id", in: "query", required: true, schema: {}, example: "a b" }];
  expect(
    commandOf({ path: "/supplier", verb: "GET", operation: { operationId: "b", parameters, responses: {} } }),
  ).toBe(`curl -s "$URL/supplier?supplier_id=a+b" \\\n  -H "authorization: Bearer $TOKEN"`);
});
