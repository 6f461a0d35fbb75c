import { EXPLAIN_ROUTE, PREDICT_ROUTE } from "@bellwether/contract/inference-routes";
import { knownNames } from "@bellwether/contract/nearest-name";
import { AlertSchema, AlertSeverity } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { AuditRecordSchema } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { BatchRunSchema } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { type RestInput, type RestRoute, restRoute } from "@bellwether/mesh/rest/rest-route";
import { QueryError } from "../domain/ops-error.ts";
import { SEVERITIES, STATES } from "./alert-to-proto.ts";
import { plainJson } from "./plain-json.ts";

const PAGE = ["page_size", "page_token"];

/**
 * The REST paths of the application before it was divided into services, mapped to RPCs: alerts, audit log
 * and latest run here, scores and explanations as in ml-service.
 */
export const REST_ROUTES: readonly RestRoute[] = [
  restRoute({
    verb: "GET",
    path: "/alerts",
    rpc: AlertService.method.listAlerts,
    query: { single: [...PAGE, "severity", "supplier_id", "model_name"], repeated: ["state"] },
    toRequest: (input) => ({
      ...pageOf(input),
      states: input.query.getAll("state").map((name) => namedValue("state", STATES, name)),
      severity: input.query.has("severity")
        ? namedValue("severity", SEVERITIES, input.query.get("severity") ?? "")
        : AlertSeverity.UNSPECIFIED,
      supplierId: input.query.get("supplier_id") ?? "",
      modelName: input.query.get("model_name") ?? "",
    }),
    toJson: ({ alerts, nextPageToken }) => ({
      alerts: alerts.map((alert) => plainJson(AlertSchema, alert)),
      next_page_token: nextPageToken,
    }),
  }),
  restRoute({
    verb: "GET",
    path: "/audit",
    rpc: AuditService.method.queryEvents,
    query: { single: [...PAGE, "kind", "subject", "actor"] },
    toRequest: (input) => ({
      ...pageOf(input),
      kind: input.query.get("kind") ?? "",
      subject: input.query.get("subject") ?? "",
      actor: input.query.get("actor") ?? "",
    }),
    toJson: ({ records, nextPageToken }) => ({
      events: records.map((record) => plainJson(AuditRecordSchema, record)),
      next_page_token: nextPageToken,
    }),
  }),
  restRoute({
    verb: "GET",
    path: "/batch/status",
    rpc: BatchService.method.getRun,
    query: { single: ["iso_week", "model_name"] },
    toRequest: ({ query }) => ({ isoWeek: query.get("iso_week") ?? "", modelName: query.get("model_name") ?? "" }),
    toJson: ({ run }) => (run ? plainJson(BatchRunSchema, run) : null),
  }),
  restRoute(PREDICT_ROUTE),
  restRoute(EXPLAIN_ROUTE),
];

/** Maximum number of characters of a caller's text that an error message repeats. */
const SHOWN_CHARACTERS = 80;

function pageOf({ query }: RestInput): { pageSize: number; pageToken: string } {
  const size = query.get("page_size") ?? "0";
  if (!/^\d{1,6}$/.test(size)) throw new QueryError("page_size", "is not a whole number");
  return { pageSize: Number(size), pageToken: query.get("page_token") ?? "" };
}

/** Returns the value of a name such as "open". @throws QueryError that lists the valid names */
function namedValue<V>(field: string, values: Readonly<Record<string, V>>, name: string): V {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) {
    const shown = JSON.stringify(name.slice(0, SHOWN_CHARACTERS));
    throw new QueryError(field, `${shown} does not exist; ${knownNames(name, Object.keys(values))}`);
  }
  return value;
}
