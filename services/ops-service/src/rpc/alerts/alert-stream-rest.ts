import { plainJson } from "@bellwether/contract/flat-json/plain-json";
import { type Alert, AlertSchema } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService, type WatchAlertsResponse } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { type RestRoute, restRoute } from "@bellwether/mesh/rest/rest-route";
import type { ServerEvent } from "@bellwether/mesh/rest/server-event";
import type { JsonObject } from "@bufbuild/protobuf";
import { QueryError } from "../../domain/ops-error.ts";
import { shown, textFromQuery } from "../rest-query.ts";

/**
 * GET /alerts/stream: WatchAlerts as a stream of events. The id of an event is the position after it. A client that
 * continues sends it as `Last-Event-ID`, which browsers do, or as `after_sequence`; the header counts if both are
 * given, because a browser repeats the query.
 */
export const ALERT_STREAM_ROUTE: RestRoute = restRoute({
  verb: "GET",
  path: "/alerts/stream",
  rpc: AlertService.method.watchAlerts,
  query: { single: ["model_name", "supplier_id", "after_sequence"] },
  toRequest: ({ query, lastEventId }) => {
    const inQuery = position("after_sequence", textFromQuery(query, "after_sequence"));
    const afterSequence = position("Last-Event-ID", lastEventId) ?? inQuery;
    return {
      ...{ modelName: textFromQuery(query, "model_name"), supplierId: textFromQuery(query, "supplier_id") },
      ...(afterSequence !== undefined && { afterSequence }),
    };
  },
  toJson,
  toEvent,
  // The position that counts is that of the header.
  reword: (text, { lastEventId }) =>
    lastEventId === "" ? text : text.replace(/^after_sequence (?=\d+ is higher)/, "Last-Event-ID "),
});

/** The JSON of alerts whose messages several watches share. */
const known = new WeakMap<Alert, JsonObject>();

function jsonOf(alert: Alert): JsonObject {
  const json = known.get(alert) ?? plainJson(AlertSchema, alert);
  known.set(alert, json);
  return json;
}

function toJson({ alerts, truncated, sequence }: WatchAlertsResponse): JsonObject {
  return { alerts: alerts.map(jsonOf), truncated, sequence: Number(sequence) };
}

/** The first message has the position at which the watch begins, so it is an event also when that position is 0. */
function toEvent(message: WatchAlertsResponse, index: number): ServerEvent | null {
  const isHeartbeat = index > 0 && message.alerts.length === 0 && message.sequence === 0n;
  return isHeartbeat ? null : { id: String(message.sequence), data: toJson(message) };
}

/** Returns a position. undefined: the text is empty. @throws QueryError */
function position(name: string, text: string): bigint | undefined {
  if (text === "") return undefined;
  // At most 2⁵³ − 1. Fewer digits than the first number that a uint64 cannot have.
  if (!/^\d{1,16}$/.test(text) || Number(text) > Number.MAX_SAFE_INTEGER)
    throw new QueryError(name, `${shown(text)} is not the id of an event; expected 0 to ${Number.MAX_SAFE_INTEGER}`);
  return BigInt(text);
}
