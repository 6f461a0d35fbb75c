import type { DescMessage } from "@bufbuild/protobuf";
import type { Schema } from "./message-schema.ts";
import { plainReference } from "./plain-schema.ts";
import { conflict, REQUEST_KEY } from "./request-key.ts";
import { restAnswer } from "./rest-answer.ts";

const TEXT: Schema = { type: "string" };
const NAMES = (...names: string[]): Schema => ({ enum: names });
const COUNT = (maximum: number): Schema => ({ type: "integer", minimum: 0, maximum });
const LIST = (items: Schema): Schema => ({ type: "array", items });
const BOOLEAN: Schema = { type: "boolean" };

const parameters = (schemas: Readonly<Record<string, Schema>>, ...required: string[]): Schema[] =>
  Object.entries(schemas).map(([name, schema]) => ({ name, in: "query", required: required.includes(name), schema }));

/** Messages whose JSON the REST paths of ops-service answer. */
export const OPS_MESSAGES = [
  ...["bellwether.ops.v1.Alert", "bellwether.ops.v1.AuditRecord", "bellwether.ops.v1.BatchRun"],
  ...["bellwether.ops.v1.ListSuppliersResponse", "bellwether.ops.v1.GetSupplierResponse"],
  "bellwether.ops.v1.FindCounterfactualsResponse",
  "bellwether.ops.v1.ListDuplicatesResponse",
] as const;

const object = (properties: Readonly<Record<string, Schema>>): Schema => ({
  ...{ type: "object", properties, required: Object.keys(properties), additionalProperties: false },
});

const ID: Schema = { type: "string", format: "uuid" };
const VERSION: Schema = { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const NOTE: Schema = { type: "string", maxLength: 2000 };
const REASON: Schema = { type: "string", minLength: 1, maxLength: 2000 };
const END: Schema = {
  anyOf: [
    { type: "string", format: "date-time" },
    { type: "string", format: "date" },
  ],
  description: "A day ends at 23:59:59 UTC.",
};
const SEVERITY = NAMES("warning", "critical");
const BAND = NAMES("unknown", "low", "medium", "high");
const STATES = NAMES("open", "acknowledged", "in_mitigation", "resolved");
const OWN_DISPOSITIONS = ["mitigated", "accepted", "false_data", "false_model", "duplicate"];
const DISPOSITIONS = NAMES(...OWN_DISPOSITIONS, "false_alarm", "cleared", "lapsed", "replaced");
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });

/** One action: the fields that all actions have, and its own ones. */
const action = (name: string, own: Readonly<Record<string, Schema>>, ...required: string[]): Schema => ({
  type: "object",
  required: ["alert_id", "version", "action", ...required],
  additionalProperties: false,
  properties: { alert_id: ID, version: VERSION, action: { const: name }, ...own },
});

const ACTION: Schema = {
  description: "One action on one alert. The same request again changes nothing.",
  oneOf: [
    action("acknowledge", { note: NOTE }),
    action("start_mitigation", { note: NOTE }),
    action(
      "resolve",
      {
        ...{ note: NOTE, disposition: NAMES(...OWN_DISPOSITIONS), accepted_until: END },
        duplicate_of_alert_id: { type: "string", description: "Required for the disposition duplicate." },
      },
      "disposition",
    ),
    action("assign", { note: NOTE, owner: { type: "string", description: "Empty: no owner." } }, "owner"),
    action("reopen", { note: NOTE }),
    action("snooze", {
      ...{ note: NOTE, until: END, until_worse: BOOLEAN },
      min_rise: { type: "number", minimum: 0, maximum: 1, description: "0.01 to 1; only with until_worse. 0: 0.05." },
    }),
    action("comment", { comment: REASON }, "comment"),
    action("override", { severity: orNull(SEVERITY), band: orNull(BAND), until: END, reason: REASON }, "reason"),
    action("undo", {}),
  ],
};

/**
 * Returns the REST paths of ops-service, with `snake_case` JSON.
 * @param message Returns a message of the contract by its name.
 */
export function opsPaths(message: (name: string) => DescMessage): Readonly<Record<string, Schema>> {
  const plain = (name: (typeof OPS_MESSAGES)[number]): Schema => plainReference(message(name));
  const alerts = { type: "array", items: plain("bellwether.ops.v1.Alert") };
  return {
    "/suppliers": {
      get: {
        operationId: "suppliers",
        summary: "Lists the suppliers of the latest complete run, as ListSuppliers.",
        parameters: parameters({
          ...{ page_size: COUNT(200), page_token: TEXT, model_name: TEXT, query: TEXT },
          ...{ region: LIST(TEXT), category: LIST(TEXT), band: LIST(BAND) },
          ...{
            change: LIST(NAMES("up", "down", "none", "unknown")),
            has_active_alerts: BOOLEAN,
            include_facets: BOOLEAN,
          },
          completeness_below: { type: "number", minimum: 0, maximum: 1 },
          ...{ iso_week: TEXT, without_exposure: BOOLEAN, watchlist_id: TEXT },
          order_by: NAMES("impact", "score", "change", "exposure", "name"),
          direction: NAMES("ascending", "descending"),
        }),
        responses: restAnswer("The suppliers.", plain("bellwether.ops.v1.ListSuppliersResponse")),
      },
    },
    "/supplier": {
      get: {
        operationId: "supplier",
        summary: "Returns one supplier with its scores, as GetSupplier.",
        parameters: parameters({ supplier_id: TEXT, history_weeks: COUNT(260), model_name: TEXT }, "supplier_id"),
        responses: restAnswer("The supplier.", plain("bellwether.ops.v1.GetSupplierResponse")),
      },
    },
    "/suppliers/duplicates": {
      get: {
        operationId: "suppliersDuplicates",
        summary: "Lists pairs of suppliers that are possibly the same company, as ListDuplicates.",
        parameters: parameters({
          ...{ page_size: COUNT(50), page_token: TEXT, supplier_id: TEXT, include_dismissed: BOOLEAN },
        }),
        responses: restAnswer("The pairs.", plain("bellwether.ops.v1.ListDuplicatesResponse")),
      },
    },
    "/supplier/counterfactuals": {
      get: {
        operationId: "supplierCounterfactuals",
        summary: "Finds the smallest changes that lower the band of a stored score, as FindCounterfactuals.",
        parameters: parameters(
          {
            ...{ supplier_id: TEXT, iso_week: TEXT, model_name: TEXT, target_band: NAMES("medium", "low") },
            max_changes: { type: "integer", minimum: 1, maximum: 3 },
            max_counterfactuals: { type: "integer", minimum: 1, maximum: 5 },
            fixed: LIST(TEXT),
          },
          "supplier_id",
        ),
        responses: restAnswer("The changes.", plain("bellwether.ops.v1.FindCounterfactualsResponse")),
      },
    },
    "/alerts": {
      get: {
        operationId: "alerts",
        summary: "Lists alerts, as ListAlerts.",
        parameters: parameters({
          ...{ page_size: COUNT(200), page_token: TEXT, state: LIST(STATES), disposition: LIST(DISPOSITIONS) },
          ...{ severity: SEVERITY, trend: NAMES("new", "worse", "better", "same") },
          tab: NAMES("mine", "new", "worse", "snoozed", "decided"),
          week_change: NAMES("raised", "worse", "better", "cleared", "snoozed", "resolved"),
          ...{ change_week: TEXT, ownership: NAMES("mine", "nobody"), snoozed: NAMES("snoozed", "awake") },
          order: NAMES("severity", "expected_impact", "score_change"),
          ...{ iso_week: TEXT, rule_id: TEXT, model_name: TEXT, owner: TEXT, region: TEXT, category: TEXT },
          ...{ supplier_id: TEXT, text: TEXT, alert_id_prefix: TEXT, watchlist_id: TEXT },
        }),
        responses: restAnswer("The alerts.", object({ alerts, next_page_token: TEXT })),
      },
    },
    "/alerts/action": {
      post: {
        operationId: "alertAction",
        summary: "Performs one action on one alert, as DecideAlerts.",
        parameters: [REQUEST_KEY],
        requestBody: { required: true, content: { "application/json": { schema: ACTION } } },
        responses: {
          ...restAnswer("The alert after the action.", object({ alert: plain("bellwether.ops.v1.Alert") })),
          409: conflict("application/problem+json", "Problem"),
        },
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
        responses: restAnswer(
          "Server-sent events; this is the data of one. The last event of a stream that fails is `problem`.",
          object({ alerts, truncated: BOOLEAN, sequence: COUNT(Number.MAX_SAFE_INTEGER) }),
          "text/event-stream",
        ),
      },
    },
    "/audit": {
      get: {
        operationId: "audit",
        summary: "Lists events of the audit log, as QueryEvents.",
        parameters: parameters({ page_size: COUNT(200), page_token: TEXT, kind: TEXT, subject: TEXT, actor: TEXT }),
        responses: restAnswer(
          "The events.",
          object({ events: { type: "array", items: plain("bellwether.ops.v1.AuditRecord") }, next_page_token: TEXT }),
        ),
      },
    },
    "/batch/status": {
      get: {
        operationId: "batchStatus",
        summary: "Returns the latest weekly run, or that of a week, as GetRun.",
        parameters: parameters({ iso_week: TEXT, model_name: TEXT }),
        responses: restAnswer("The run.", orNull(plain("bellwether.ops.v1.BatchRun"))),
      },
    },
  };
}
