import { readFileSync } from "node:fs";
import path from "node:path";
import { exampleIds } from "./example-ids.ts";
import { exampleOf } from "./example-of.ts";
import type { Schema } from "./message-schema.ts";
import { opsExamples } from "./ops-examples.ts";

type Schemas = Readonly<Record<string, Schema>>;

/**
 * Returns paths with an example in each request, each answer and each parameter that must be given. The examples are
 * made from the bounds of the contract, except requests in which fields depend on each other, and texts of lines.
 * @param root folder of the checkout
 */
export function addExamples(paths: Schemas, schemas: Schemas, root: string): Record<string, Schema> {
  const own = ownExamples(root);
  const inPath = (pathName: string, operation: Schema): Schema => {
    const { parameters, requestBody, responses } = operation;
    const { request, answer } = own[pathName] ?? {};
    const requestFor = (schema: Schema): unknown => request ?? exampleOf(schema, { schemas, isRequest: true });
    const ids = exampleIds(pathName, requestFor(schemaOf(requestBody)));
    return {
      ...operation,
      ...(Object.keys(ids).length > 0 && { "x-example-ids": ids }),
      ...(Array.isArray(parameters) && { parameters: parameters.map((one) => withParameterExample(one, schemas)) }),
      ...(requestBody !== undefined && {
        requestBody: withExample(part(requestBody), requestFor),
      }),
      responses: mapParts(part(responses), (response, status) =>
        withExample(response, (schema) =>
          status === "409"
            ? conflictExample(schema)
            : status === "default"
              ? errorExample(schema)
              : (answer ?? exampleOf(schema, { schemas, isRequest: false })),
        ),
      ),
    };
  };
  return mapParts(paths, (verbs, pathName) => mapParts(verbs, (operation) => inPath(pathName, operation)));
}

/** Returns the schema of the first form of a body. */
const schemaOf = (body: unknown): Schema => part(part(Object.values(part(part(body).content))[0]).schema);

function withParameterExample(parameter: Schema, schemas: Schemas): Schema {
  if (parameter.required !== true) return parameter;
  const options = { schemas, isRequest: true };
  return { ...parameter, example: exampleOf(part(parameter.schema), options, String(parameter.name)) };
}

/** Gives each form of a body an example, except the lines of a request. */
function withExample(body: Schema, exampleFor: (schema: Schema) => unknown): Schema {
  if (body.content === undefined) return body;
  return {
    ...body,
    content: mapParts(part(body.content), (media, type) =>
      type === "application/x-ndjson" && body.required === true
        ? media
        : { ...media, example: exampleFor(part(media.schema)) },
    ),
  };
}

const REQUEST_ID = "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e5f";

function errorExample({ $ref }: Schema): unknown {
  const message = "iso_week: expected an ISO week, for example 2026-W47";
  if ($ref === "#/components/schemas/ConnectError") return { code: "invalid_argument", message };
  return {
    ...{ type: "about:blank", title: "invalid argument", status: 400, detail: message, reason: "INVALID_REQUEST" },
    fields: [{ field: "iso_week", description: "expected an ISO week, for example 2026-W47" }],
    ...{ request_id: REQUEST_ID, code: "invalid_argument", message },
  };
}

function conflictExample({ $ref }: Schema): unknown {
  const message = "the Idempotency-Key was used for another request";
  if ($ref === "#/components/schemas/ConnectError") return { code: "already_exists", message };
  return {
    ...{ type: "about:blank", title: "already exists", status: 409, detail: message, reason: "REQUEST_KEY_MISMATCH" },
    ...{ request_id: REQUEST_ID, code: "already_exists", message },
  };
}

/** Lines of `POST /explain`: the parts of ExplainResponse. */
const EXPLAIN_LINES = `${[
  { base: { score: { supplier_id: "ACME", risk_score: 0.464, band: "BAND_HIGH" }, base_value: -2.31 } },
  { contributions: { contributions: [{ feature: "past_disputes", contribution: 1.81, value: 7 }] } },
  { narrative: "The risk of ACME is high, because of 7 past disputes." },
]
  .map((line) => JSON.stringify(line))
  .join("\n")}\n`;

interface OwnExample {
  readonly request?: unknown;
  readonly answer?: unknown;
}

function ownExamples(root: string): Readonly<Record<string, OwnExample>> {
  const flat: Schema = JSON.parse(readFileSync(path.join(root, "docs/examples/acme.json"), "utf8"));
  const features = Object.fromEntries(Object.entries(flat).filter(([, value]) => typeof value === "number"));
  const supplier = { supplierId: "ACME", features };
  const numbers = Object.entries(features).map(([name, value]) => ({ name, values: [value, value] }));
  const inference = (method: string): string => `/bellwether.inference.v1.InferenceService/${method}`;
  return {
    "/predict": { request: flat },
    "/predict/batch": {
      request: [flat, { ...flat, supplier_id: "S_00001", past_disputes: 0, late_ratio: "0.1", contract_value: null }],
    },
    "/explain": { request: flat, answer: EXPLAIN_LINES },
    "/alerts/action": {
      request: { alert_id: REQUEST_ID, version: 3, action: "acknowledge", note: "Called the supplier." },
    },
    [inference("Predict")]: { request: { supplier } },
    [inference("Replay")]: { request: { modelName: "supplier-risk", modelVersion: "v1", suppliers: [supplier] } },
    [inference("Explain")]: { request: { supplier, withNarrative: true } },
    [inference("ExplainChange")]: {
      request: {
        before: { supplier },
        after: { supplier: { ...supplier, features: { ...features, past_disputes: 4 } } },
      },
    },
    ...opsExamples(),
    [inference("Counterfactual")]: { request: { supplier } },
    [inference("PredictRows")]: { request: { suppliers: [supplier] } },
    [inference("PredictBatch")]: {
      request: { supplierIds: ["ACME", "S_00001"], numbers },
    },
  };
}

const part = (value: unknown): Schema => (typeof value === "object" && value !== null ? { ...value } : {});

function mapParts(parts: Schema, map: (value: Schema, name: string) => Schema): Record<string, Schema> {
  return Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, map(part(value), name)]));
}
