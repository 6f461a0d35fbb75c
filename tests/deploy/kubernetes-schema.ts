import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import type { Manifest } from "./manifest.ts";
import { type Definitions, kindsOf } from "./pruned-definitions.ts";

/**
 * The Kubernetes API's own schemas of the kinds in use. update-schema.ts takes them from its OpenAPI
 * document.
 */
export const SCHEMA_FILE = path.join(import.meta.dirname, "kubernetes.schema.json");

/** Reads kubernetes.schema.json: the version of Kubernetes, for example "v1.37.2", and its definitions. */
export function readSchema(): { readonly version: string; readonly definitions: Definitions } {
  return JSON.parse(readFileSync(SCHEMA_FILE, "utf8"));
}

/**
 * Checks an object against the Kubernetes API's own schema of its kind, as `kubectl apply --validate=strict`
 * does: an unknown field is a violation. Returns one line per violation.
 */
export function createSchemaCheck(): (manifest: Manifest) => string[] {
  const { definitions } = readSchema();
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
  ajv.addSchema({ $id: "kubernetes", definitions: mapValues(definitions, strictly) });
  const names = new Map(
    Object.entries(definitions).flatMap(([name, definition]) => kindsOf(definition).map((kind) => [kind, name])),
  );
  const compiled = new Map<string, ValidateFunction>();

  return (manifest) => {
    const kind = `${manifest.apiVersion} ${manifest.kind}`;
    const name = names.get(kind);
    if (name === undefined) return [`${kind}: not a kind of the API, or not among KINDS`];
    const validate = compiled.get(name) ?? ajv.compile({ $ref: `kubernetes#/definitions/${name}` });
    compiled.set(name, validate);
    const valid: boolean = validate(manifest);
    if (valid) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${kind} ${manifest.metadata.name} ${instancePath}: ${message} ${JSON.stringify(params)}`,
    );
  };
}

/**
 * OpenAPI declares "string" for a value that may also be a number, and does not declare whether unlisted
 * fields are allowed.
 */
function strictly(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strictly);
  if (typeof value !== "object" || value === null) return value;
  if ("format" in value && value.format === "int-or-string") return { type: ["integer", "string"] };
  const inner = mapValues(value, strictly);
  const closed = "properties" in value && !("additionalProperties" in value) && typeof inner.properties === "object";
  return closed ? { ...inner, additionalProperties: false } : inner;
}

function mapValues(object: object, map: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
