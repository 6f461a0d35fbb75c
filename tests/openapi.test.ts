import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createFileRegistry, fromBinary, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import { Ajv2020 } from "ajv/dist/2020.js";
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

/** A body with its schema and example, by its place in the document. */
interface Media {
  readonly schema?: unknown;
  readonly example?: unknown;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly required: boolean; readonly example?: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, Media>> }>>;
}

const document = JSON.parse(text);
const operations = Object.entries<Readonly<Record<string, Operation>>>(document.paths).flatMap(([name, verbs]) =>
  Object.entries(verbs).map(([verb, operation]) => ({ name, verb, operation })),
);

test("every request, answer and parameter that must be given has an example, which its schema allows", () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "openapi");
  const wrong: unknown[] = [];
  let checked = 0;
  const check = (place: readonly string[], { example }: Media): void => {
    const pointer = place.map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1")));
    const validate = ajv.getSchema(`openapi#/paths/${pointer.join("/")}/schema`);
    if (example === undefined || !validate) wrong.push([place, "no example or no schema"]);
    else if (!validate(example)) wrong.push([place, validate.errors]);
    checked++;
  };
  for (const { name, verb, operation } of operations) {
    for (const [type, media] of Object.entries(operation.requestBody?.content ?? {}))
      if (type !== "application/x-ndjson") check([name, verb, "requestBody", "content", type], media);
    for (const [status, { content }] of Object.entries(operation.responses))
      for (const [type, media] of Object.entries(content))
        check([name, verb, "responses", status, "content", type], media);
    for (const parameter of operation.parameters ?? [])
      if (parameter.required && parameter.example === undefined) wrong.push([name, parameter.name]);
  }
  expect(wrong).toEqual([]);
  expect(checked).toBeGreaterThan(200);
});

test("the example request of every RPC is a message of the contract that its rules allow", () => {
  const built = spawnSync("buf", ["build", "--path", "proto/bellwether", "-o", "-"], { cwd: ROOT, maxBuffer: 2 ** 28 });
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, built.stdout));
  const validator = createValidator({ registry });
  const rejected = operations
    .filter(({ name }) => name.startsWith("/bellwether."))
    .flatMap(({ name, operation }) => {
      const [service = "", method = ""] = name.slice(1).split("/");
      const input = registry.getService(service)?.methods.find((one) => one.name === method)?.input;
      if (!input) return [`${name}: no such RPC`];
      const example = Object.values(operation.requestBody?.content ?? {})[0]?.example;
      const { kind, error } = validator.validate(input, fromJson(input, example as JsonValue, { registry }));
      return kind === "valid" ? [] : [`${name}: ${error?.message}`];
    });
  expect(rejected).toEqual([]);
});

test("an example says where its ids come from, unless the demo has them", () => {
  /** Ids that a started demo has, and those that the caller makes. */
  const known = new Set(["supplierId", "supplier_id", "scheduleId", "requestId"]);
  const idsOf = (value: unknown): string[] =>
    typeof value !== "object" || value === null
      ? []
      : Object.entries(value).flatMap(([name, inner]) => [
          ...(/(?:^|_)id$|Id$/.test(name) && !known.has(name) ? [name] : []),
          ...idsOf(inner),
        ]);
  const named = operations.flatMap(({ name, operation }) =>
    Object.values(operation.requestBody?.content ?? {}).flatMap(({ example }) => {
      const sources = Object(operation)["x-example-ids"] ?? {};
      const unsaid = idsOf(example).filter((id) => !(id in sources) && !("lease" in sources));
      return unsaid.map((id) => `${name}: ${id}`);
    }),
  );
  expect(named).toEqual([]);
  const sources: string[] = operations.flatMap(({ operation }) =>
    Object.values(Object(operation)["x-example-ids"] ?? {}),
  );
  expect(sources.filter((source) => !Object.hasOwn(document.paths, source))).toEqual([]);
  expect(sources.length).toBeGreaterThan(20);
});

test("every operation names the role of its caller, and those with a key its header and 409", () => {
  const facts: { name: string; "x-role"?: string; hasKey: boolean; has409: boolean }[] = operations.map(
    ({ name, operation }) => ({
      ...{ name, "x-role": Object(operation)["x-role"] },
      hasKey: (operation.parameters ?? []).some((one) => one.name === "Idempotency-Key"),
      has409: operation.responses["409"] !== undefined,
    }),
  );
  expect(facts.filter((one) => !one["x-role"]).map(({ name }) => name)).toEqual([]);
  expect(facts.filter(({ hasKey, has409 }) => hasKey !== has409)).toEqual([]);
  const withKey = facts.filter(({ hasKey }) => hasKey).map(({ name }) => name);
  expect(withKey).toHaveLength(13);
  expect(withKey).toEqual(
    expect.arrayContaining([
      ...["/alerts/action", "/bellwether.ops.v1.AlertService/DecideAlerts"],
      ...["/bellwether.ops.v1.NoticeService/SendTestNotice", "/bellwether.ops.v1.NoticeService/ReplayNotice"],
    ]),
  );
});
