import { plainJson } from "@bellwether/contract/flat-json/plain-json";
import { EXPLAIN_ROUTE, PREDICT_ROUTE, PREDICT_ROWS_ROUTE } from "@bellwether/contract/inference-routes";
import { AuditRecordSchema } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import { AuditService, QueryEventsRequestSchema } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { BatchRunSchema } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { type RestRoute, restRoute } from "@bellwether/mesh/rest/rest-route";
import { ALERT_ACTION_ROUTE } from "./alerts/alert-action-rest.ts";
import { ALERT_STREAM_ROUTE } from "./alerts/alert-stream-rest.ts";
import { ALERTS_ROUTE } from "./alerts/alerts-rest.ts";
import { PAGE_PARAMETERS, pageFromQuery, textFromQuery } from "./rest-query.ts";
import { DUPLICATES_ROUTE } from "./suppliers/merges-rest.ts";
import { SUPPLIER_ROUTES } from "./suppliers/suppliers-rest.ts";

/**
 * The REST paths of the application before it was divided into services, mapped to RPCs: alerts, audit log
 * and latest run here, scores and explanations as in ml-service.
 */
export const REST_ROUTES: readonly RestRoute[] = [
  ALERTS_ROUTE,
  ALERT_STREAM_ROUTE,
  ALERT_ACTION_ROUTE,
  ...SUPPLIER_ROUTES,
  DUPLICATES_ROUTE,
  restRoute({
    verb: "GET",
    path: "/audit",
    rpc: AuditService.method.queryEvents,
    query: { single: [...PAGE_PARAMETERS, "kind", "subject", "actor"] },
    toRequest: ({ query }) => ({
      ...pageFromQuery(query, QueryEventsRequestSchema.field.pageSize),
      kind: textFromQuery(query, "kind"),
      subject: textFromQuery(query, "subject"),
      actor: textFromQuery(query, "actor"),
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
    toRequest: ({ query }) => ({
      isoWeek: textFromQuery(query, "iso_week"),
      modelName: textFromQuery(query, "model_name"),
    }),
    toJson: ({ run }) => (run ? plainJson(BatchRunSchema, run) : null),
  }),
  restRoute(PREDICT_ROUTE),
  restRoute(PREDICT_ROWS_ROUTE),
  restRoute(EXPLAIN_ROUTE),
];
