import { BAND_NUMBERS } from "@bellwether/contract/band-codes";
import { endOfDay } from "@bellwether/contract/end-of-day";
import { plainJson } from "@bellwether/contract/flat-json/plain-json";
import { knownNames } from "@bellwether/contract/nearest-name";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertSchema, AlertSeverity } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  type AlertAction,
  AlertActionSchema,
  AlertService,
  type DecideAlertsResponse,
  type OverrideAlertRequest,
  type SnoozeAlertRequest,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { rpcError } from "@bellwether/mesh/errors/rpc-error";
import { type RestRoute, restRoute } from "@bellwether/mesh/rest/rest-route";
import { create, fromJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import { QueryError } from "../../domain/ops-error.ts";
import { SEVERITIES } from "../messages/alert-to-proto.ts";
import { namedValue, shown } from "../rest-query.ts";
import { GIVEN_DISPOSITIONS } from "./alert-actions.ts";

type ActionName =
  | "acknowledge"
  | "start_mitigation"
  | "resolve"
  | "assign"
  | "reopen"
  | "snooze"
  | "comment"
  | "override"
  | "undo";

/** The names of a body's fields for each action, besides alert_id, version and action. */
const FIELDS: Readonly<Record<ActionName, readonly string[]>> = {
  acknowledge: ["note"],
  start_mitigation: ["note"],
  resolve: ["note", "disposition", "accepted_until", "duplicate_of_alert_id"],
  assign: ["note", "owner"],
  reopen: ["note"],
  snooze: ["note", "until", "until_worse", "min_rise"],
  comment: ["comment"],
  override: ["severity", "band", "until", "reason"],
  undo: [],
};
const COMMON = ["alert_id", "version", "action"];
const ACTIONS = Object.keys(FIELDS);

const isAction = (name: string): name is ActionName => ACTIONS.includes(name);

/** POST /alerts/action: DecideAlerts with one action. The answer is the alert after it, or the error of the action. */
export const ALERT_ACTION_ROUTE: RestRoute = restRoute({
  verb: "POST",
  path: "/alerts/action",
  rpc: AlertService.method.decideAlerts,
  toRequest: ({ body }) => ({ actions: [actionFromBody(body)] }),
  toJson,
  // The path has one action, its fields are those of the body, and its names are in lower case.
  reword: (text) =>
    text
      .replaceAll(/\bactions\[0\]\.(?:[a-z_]+\.)?/g, "")
      .replaceAll(/\bdisposition (?:ACCEPTED|DUPLICATE)\b/g, (named) => named.toLowerCase()),
});

/** @throws QueryError that names the field */
function actionFromBody(body: JsonValue | undefined): AlertAction {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new QueryError(
      "body",
      'is no JSON object; expected one such as {"alert_id":"…","version":1,"action":"reopen"}',
    );
  const action = textOf(body, "action");
  if (!isAction(action))
    throw new QueryError("action", `${shown(action)} does not exist; ${knownNames(action, ACTIONS)}`);
  const known = [...COMMON, ...FIELDS[action]];
  for (const name of Object.keys(body))
    if (!known.includes(name))
      throw new QueryError(shown(name), `is no field of the action ${action}; ${knownNames(name, known)}`);
  const alert = { alertId: textOf(body, "alert_id"), version: versionOf(body) };
  const target = { ...alert, note: textOf(body, "note") };
  switch (action) {
    case "acknowledge":
      return create(AlertActionSchema, { action: { case: "acknowledge", value: target } });
    case "start_mitigation":
      return create(AlertActionSchema, { action: { case: "startMitigation", value: target } });
    case "assign":
      return create(AlertActionSchema, { action: { case: "assign", value: { ...target, owner: ownerOf(body) } } });
    case "resolve": {
      const disposition = namedValue("disposition", GIVEN_DISPOSITIONS, dispositionOf(body));
      const duplicateOfAlertId = textOf(body, "duplicate_of_alert_id");
      const acceptedUntil = timeOf(body, "accepted_until");
      const value = { ...target, disposition, duplicateOfAlertId, ...(acceptedUntil && { acceptedUntil }) };
      return create(AlertActionSchema, { action: { case: "resolve", value } });
    }
    case "reopen":
      return create(AlertActionSchema, { action: { case: "reopen", value: target } });
    case "snooze":
      return create(AlertActionSchema, { action: { case: "snooze", value: { ...target, ...snoozeOf(body) } } });
    case "comment":
      return create(AlertActionSchema, {
        action: { case: "comment", value: { ...alert, comment: textOf(body, "comment") } },
      });
    case "override":
      return create(AlertActionSchema, { action: { case: "overrideAlert", value: { ...alert, ...overrideOf(body) } } });
    case "undo":
      return create(AlertActionSchema, { action: { case: "undo", value: alert } });
  }
}

/** The owner is required, because an empty one removes the owner of the alert. */
function ownerOf(body: JsonObject): string {
  if (body.owner == null) throw new QueryError("owner", 'is missing; "" removes the owner');
  return textOf(body, "owner");
}

function dispositionOf(body: JsonObject): string {
  const disposition = textOf(body, "disposition");
  if (disposition === "")
    throw new QueryError("disposition", `is missing; expected one of ${Object.keys(GIVEN_DISPOSITIONS).join(", ")}`);
  return disposition;
}

function snoozeOf(body: JsonObject): Pick<SnoozeAlertRequest, "untilWorse" | "minRise"> & Until {
  const { until_worse: untilWorse = false, min_rise: minRise = 0 } = body;
  if (typeof untilWorse !== "boolean") throw new QueryError("until_worse", "is not true or false");
  if (typeof minRise !== "number") throw new QueryError("min_rise", "is not a number; expected 0.01 to 1");
  return { untilWorse, minRise, ...untilOf(body) };
}

/** Without severity and band, the present override ends; so a body without both must say so with a null. */
function overrideOf(body: JsonObject): Pick<OverrideAlertRequest, "severity" | "band" | "reason"> & Until {
  const { severity, band } = body;
  if (severity === undefined && band === undefined)
    throw new QueryError("severity", "and band are missing; null for both ends the present override");
  return {
    severity:
      severity == null ? AlertSeverity.UNSPECIFIED : namedValue("severity", SEVERITIES, textOf(body, "severity")),
    band: band == null ? Band.UNSPECIFIED : namedValue("band", BAND_NUMBERS, textOf(body, "band")),
    reason: textOf(body, "reason"),
    ...untilOf(body),
  };
}

interface Until {
  readonly until?: Timestamp;
}

function untilOf(body: JsonObject): Until {
  const until = timeOf(body, "until");
  return until === undefined ? {} : { until };
}

function timeOf(body: JsonObject, name: string): Timestamp | undefined {
  // An empty time is not taken for one that is left out: without an end, an action means something else.
  if (body[name] === undefined) return undefined;
  const text = textOf(body, name);
  const day = endOfDay(text);
  if (day) return timestampFromDate(day);
  try {
    return fromJson(TimestampSchema, text);
  } catch {
    throw new QueryError(
      name,
      `${shown(text)} is not a time; expected a day such as 2027-01-31 (until its end, UTC), or a time such as 2027-01-31T12:00:00Z`,
    );
  }
}

function textOf(body: JsonObject, name: string): string {
  const value = body[name] ?? "";
  if (typeof value === "string" && value.isWellFormed()) return value;
  throw new QueryError(name, "is not a text of whole characters");
}

function versionOf({ version }: JsonObject): bigint {
  if (typeof version === "number" && Number.isSafeInteger(version) && version >= 1) return BigInt(version);
  throw new QueryError("version", "is missing or not a whole number from 1; send version of the alert as you saw it");
}

/** @throws ConnectError why the action failed, as the RPC of the action would */
function toJson({ results }: DecideAlertsResponse): JsonObject {
  const error = results[0]?.error;
  if (error) throw rpcError(codeFromString(error.code.toLowerCase()) ?? Code.Unknown, error.reason, error.message);
  const alert = results[0]?.alert;
  return { alert: alert ? plainJson(AlertSchema, alert) : null };
}
