import type { Schema } from "./message-schema.ts";

const NUMBER_OR_NULL = { type: ["number", "null"] };
const VALUE = { type: ["number", "string", "null"] };

const FIELDS: Schema = {
  type: "array",
  items: {
    type: "object",
    required: ["field", "description"],
    properties: { field: { type: "string" }, description: { type: "string" } },
  },
};

/** The headers of every answer. */
export const ID_HEADERS: Schema = {
  "x-request-id": {
    description: "The x-request-id of the request if it has 1 to 128 visible ASCII characters, else a new UUID.",
    schema: { type: "string", minLength: 1, maxLength: 128 },
  },
  "x-trace-id": {
    description:
      "The trace of the call in logs and traces. Missing when the request was rejected before it was a call.",
    schema: { type: "string", pattern: "^[0-9a-f]{32}$" },
  },
};

/** The fields of a score in flat JSON. */
const SCORE_FIELDS: Readonly<Record<string, Schema>> = {
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
};

/** Schemas of the flat JSON of `POST /predict` and `POST /explain`. */
export const FLAT_SCHEMAS: Readonly<Record<string, Schema>> = {
  FlatSupplier: {
    type: "object",
    description: "Names other than supplier_id and contract_text are features of the model.",
    required: ["supplier_id"],
    properties: {
      supplier_id: { type: "string", minLength: 1, maxLength: 128 },
      contract_text: { type: ["string", "null"], maxLength: 1048576 },
    },
    additionalProperties: VALUE,
  },
  FlatScore: {
    type: "object",
    required: ["supplier_id", "risk_score", "band", "model_version"],
    properties: SCORE_FIELDS,
  },
  FlatPrediction: {
    type: "object",
    description: "A FlatScore with the id under which the prediction is recorded.",
    required: ["supplier_id", "prediction_id", "risk_score", "band", "model_version"],
    properties: {
      ...SCORE_FIELDS,
      prediction_id: {
        type: "string",
        format: "uuid",
        description:
          "Names the prediction when its outcome is recorded (RecordOutcomes) and when it is computed again (ReplayPrediction).",
      },
    },
  },
  FlatRowScores: {
    type: "object",
    description: "Each row of the request is in one of the two lists, with its index from 0.",
    required: ["scores", "rejected", "model_version"],
    additionalProperties: false,
    properties: {
      scores: {
        type: "array",
        maxItems: 1000,
        items: {
          allOf: [
            { $ref: "#/components/schemas/FlatScore" },
            { type: "object", required: ["index"], properties: { index: { type: "integer", minimum: 0 } } },
          ],
        },
      },
      rejected: {
        type: "array",
        maxItems: 1000,
        items: {
          type: "object",
          required: ["index", "supplier_id", "reason", "message", "fields"],
          additionalProperties: false,
          properties: {
            index: { type: "integer", minimum: 0 },
            supplier_id: { type: "string", description: "Empty: the row has none that can be read." },
            reason: { type: "string" },
            message: { type: "string" },
            fields: FIELDS,
          },
        },
      },
      model_version: { type: "string" },
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
      fields: FIELDS,
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
  headers: ID_HEADERS,
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
        200: {
          description: "The score.",
          headers: ID_HEADERS,
          content: json({ $ref: "#/components/schemas/FlatPrediction" }),
        },
        default: problem,
      },
    },
  },
  "/predict/batch": {
    post: {
      operationId: "predictBatch",
      summary: "Scores up to 1,000 suppliers; a row that is not valid is named, and the others are scored.",
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: {
              type: "array",
              minItems: 1,
              maxItems: 1000,
              items: { $ref: "#/components/schemas/FlatSupplier" },
            },
          },
          "application/x-ndjson": { schema: { type: "string", description: "One FlatSupplier per line." } },
        },
      },
      responses: {
        200: {
          description: "The scores and the rejected rows.",
          headers: ID_HEADERS,
          content: json({ $ref: "#/components/schemas/FlatRowScores" }),
        },
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
        200: {
          description: "Lines of JSON.",
          headers: ID_HEADERS,
          content: { "application/x-ndjson": { schema: { type: "string" } } },
        },
        default: problem,
      },
    },
  },
};
