import type { Schema } from "./message-schema.ts";

const NUMBER_OR_NULL = { type: ["number", "null"] };
const VALUE = { type: ["number", "string", "null"] };

/** Schemas of the flat JSON of `POST /predict` and `POST /explain`. */
export const FLAT_SCHEMAS: Readonly<Record<string, Schema>> = {
  FlatSupplier: {
    type: "object",
    description: "Names other than supplier_id and contract_text are features of the model.",
    required: ["supplier_id"],
    properties: {
      supplier_id: { type: "string", minLength: 1 },
      contract_text: { type: ["string", "null"] },
    },
    additionalProperties: VALUE,
  },
  FlatScore: {
    type: "object",
    required: ["supplier_id", "risk_score", "band", "model_version"],
    properties: {
      supplier_id: { type: "string" },
      risk_score: NUMBER_OR_NULL,
      margin: NUMBER_OR_NULL,
      band: { enum: ["unknown", "low", "medium", "high"] },
      prediction: NUMBER_OR_NULL,
      probabilities: { type: "object", additionalProperties: { type: "number" } },
      top_features: {
        type: "array",
        items: {
          type: "object",
          properties: {
            feature: { type: "string" },
            value: VALUE,
            contribution: { type: "number" },
            unit: { type: "string" },
            typical: VALUE,
            contradicts_direction: { type: "boolean" },
          },
        },
      },
      model_version: { type: "string" },
      missing_features: { type: "array", items: { type: "string" } },
      warnings: {
        type: "array",
        items: {
          type: "object",
          properties: { code: { type: "string" }, feature: { type: "string" }, message: { type: "string" } },
        },
      },
    },
  },
  Problem: {
    type: "object",
    description: "An error at a REST path (RFC 9457), with the members of Connect's JSON.",
    required: ["type", "title", "status", "detail", "code", "request_id"],
    properties: {
      type: { type: "string" },
      title: { type: "string" },
      status: { type: "integer" },
      detail: { type: "string" },
      reason: { type: "string" },
      fields: {
        type: "array",
        items: {
          type: "object",
          required: ["field", "description"],
          properties: { field: { type: "string" }, description: { type: "string" } },
        },
      },
      request_id: { type: "string" },
      trace_id: { type: "string", pattern: "^[0-9a-f]{32}$" },
      code: { type: "string" },
      message: { type: "string" },
      details: { type: "array" },
    },
  },
  ConnectError: {
    type: "object",
    description: "An error of an RPC in Connect's JSON.",
    required: ["code"],
    properties: { code: { type: "string" }, message: { type: "string" }, details: { type: "array" } },
  },
};

const json = (schema: Schema): Schema => ({ "application/json": { schema } });
const body = { required: true, content: json({ $ref: "#/components/schemas/FlatSupplier" }) };
const problem = {
  description: "The request was not served.",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

/** The REST paths that ml-service and ops-service have in common. */
export const FLAT_PATHS: Readonly<Record<string, Schema>> = {
  "/predict": {
    post: {
      operationId: "predict",
      summary: "Scores one supplier.",
      requestBody: body,
      responses: {
        200: { description: "The score.", content: json({ $ref: "#/components/schemas/FlatScore" }) },
        default: problem,
      },
    },
  },
  "/explain": {
    post: {
      operationId: "explain",
      summary: "Explains the score of one supplier, with one message per line: base, contributions, narrative.",
      parameters: [{ name: "narrative_language", in: "query", required: false, schema: { enum: ["en", "de"] } }],
      requestBody: body,
      responses: {
        200: { description: "Lines of JSON.", content: { "application/x-ndjson": { schema: { type: "string" } } } },
        default: problem,
      },
    },
  },
};
