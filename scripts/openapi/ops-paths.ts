import type { Schema } from "./message-schema.ts";

const TEXT: Schema = { type: "string" };
const NAMES = (...names: string[]): Schema => ({ enum: names });
const COUNT = (maximum: number): Schema => ({ type: "integer", minimum: 0, maximum });
const LIST = (items: Schema): Schema => ({ type: "array", items });
const BOOLEAN: Schema = { type: "boolean" };

const parameters = (schemas: Readonly<Record<string, Schema>>, ...required: string[]): Schema[] =>
  Object.entries(schemas).map(([name, schema]) => ({ name, in: "query", required: required.includes(name), schema }));

const answer = (description: string, type = "application/json", schema: Schema = { type: "object" }): Schema => ({
  200: { description, content: { [type]: { schema } } },
  default: {
    description: "The request was not served.",
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  },
});

const ACTION: Schema = {
  type: "object",
  required: ["alert_id", "version", "action"],
  additionalProperties: false,
  properties: {
    alert_id: { type: "string", format: "uuid" },
    version: { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    action: NAMES("acknowledge", "start_mitigation", "resolve", "assign", "reopen"),
    note: TEXT,
    disposition: { type: "string", description: "Only with resolve, required." },
    owner: { type: "string", description: "Only with assign, required. Empty: no owner." },
  },
};

/** REST paths of ops-service for suppliers and alerts, with `snake_case` JSON. */
export const OPS_PATHS: Readonly<Record<string, Schema>> = {
  "/suppliers": {
    get: {
      operationId: "suppliers",
      summary: "Lists the suppliers of the latest complete run, as ListSuppliers.",
      parameters: parameters({
        ...{ page_size: COUNT(200), page_token: TEXT, model_name: TEXT, query: TEXT },
        ...{ region: LIST(TEXT), category: LIST(TEXT), band: LIST(NAMES("unknown", "low", "medium", "high")) },
        ...{
          change: LIST(NAMES("up", "down", "none", "unknown")),
          has_active_alerts: BOOLEAN,
          include_facets: BOOLEAN,
        },
        completeness_below: { type: "number", minimum: 0, maximum: 1 },
        order_by: NAMES("impact", "score", "change", "exposure", "name"),
        direction: NAMES("ascending", "descending"),
      }),
      responses: answer("The suppliers: the fields of ListSuppliersResponse in snake_case."),
    },
  },
  "/supplier": {
    get: {
      operationId: "supplier",
      summary: "Returns one supplier with its scores, as GetSupplier.",
      parameters: parameters({ supplier_id: TEXT, history_weeks: COUNT(260), model_name: TEXT }, "supplier_id"),
      responses: answer("The supplier: the fields of GetSupplierResponse in snake_case."),
    },
  },
  "/alerts/action": {
    post: {
      operationId: "alertAction",
      summary: "Performs one action on one alert, as DecideAlerts.",
      requestBody: { required: true, content: { "application/json": { schema: ACTION } } },
      responses: answer("The alert after the action."),
    },
  },
  "/alerts/stream": {
    get: {
      operationId: "alertStream",
      summary: "Streams alerts when they change, as WatchAlerts. The id of an event is the position after it.",
      parameters: [
        ...parameters({ model_name: TEXT, after_sequence: COUNT(Number.MAX_SAFE_INTEGER) }),
        { name: "Last-Event-ID", in: "header", required: false, schema: COUNT(Number.MAX_SAFE_INTEGER) },
      ],
      responses: answer("Server-sent events.", "text/event-stream", TEXT),
    },
  },
};
