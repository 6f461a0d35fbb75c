import { bandFromNumber } from "@bellwether/contract/band-codes";
import { trimReason } from "@bellwether/contract/reason-text";
import { Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type {
  AlertAction as AlertActionMessage,
  AlertActionResultSchema,
  AssignAlertRequest,
  OverrideAlertRequest,
  ResolveAlertRequest,
  SnoozeAlertRequest,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { codeName } from "@bellwether/mesh/errors/code-name";
import { reasonFromName } from "@bellwether/mesh/errors/error-table";
import type { MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { AlertAction, GivenDisposition } from "../../domain/alerts/alert-action.ts";
import type { AlertRequest } from "../../domain/alerts/triage-alert.ts";
import { type ActionError, isActionError } from "../../domain/ops-error.ts";
import type { RequestKey, RequestKeyStore } from "../../domain/request-key.ts";
import { OPS_ERRORS } from "../error-codes.ts";
import { type AlertNames, alertToProto, nameOf, SEVERITIES } from "../messages/alert-to-proto.ts";
import { answerOnce } from "../repeated-requests.ts";

export interface AlertActionDependencies {
  /** Performs an action in a transaction. */
  readonly decide: (
    request: Omit<AlertRequest, "coolDownWeeks" | "longestDays">,
    scope: SupplierScope | undefined,
  ) => Promise<void>;
  /** Returns alerts as they are after an action, in any order. Ids that are unknown in the scope are left out. */
  readonly findDecided: (
    alertIds: readonly string[],
    scope: SupplierScope | undefined,
  ) => Promise<readonly AlertNames[]>;
  readonly now: () => Date;
  /** Keys of requests that clients may send again. */
  readonly requestKeys: RequestKeyStore;
}

type ActionMethods =
  | "acknowledgeAlert"
  | "startMitigation"
  | "resolveAlert"
  | "assignAlert"
  | "snoozeAlert"
  | "commentOnAlert"
  | "overrideAlert"
  | "reopenAlert"
  | "undoAlertAction"
  | "decideAlerts";

/** What every request of an action has. */
interface Target {
  readonly alertId: string;
  readonly version: bigint;
}

/** Returns the handlers of the RPCs that change alerts. */
export function alertActionHandlers(
  deps: AlertActionDependencies,
): Pick<ServiceImpl<typeof AlertService>, ActionMethods> {
  const { requestKeys: store } = deps;
  const decide = (
    target: Target,
    action: AlertRequest["action"],
    context: HandlerContext,
    requestKey: RequestKey | undefined,
  ): Promise<void> =>
    deps.decide(
      {
        ...{ alertId: target.alertId, version: Number(target.version), action, requestKey },
        ...{ actor: actorOf(callerOf(context)), now: deps.now() },
      },
      callerOf(context).scope,
    );
  const handler = <M extends ActionMethod>(
    method: M,
    toAction: (request: MessageShape<M["input"]>) => AlertRequest["action"],
  ) => {
    return (request: MessageShape<M["input"]>, context: HandlerContext) =>
      answerOnce({ method, store }, request, context, async (key) => {
        await decide(request, toAction(request), context, key);
        const [view] = await deps.findDecided([request.alertId], callerOf(context).scope);
        return { answer: view ? { alert: alertToProto(view) } : {}, isWhole: true };
      });
  };
  const { method } = AlertService;
  return {
    acknowledgeAlert: handler(method.acknowledgeAlert, acknowledgeFromProto),
    startMitigation: handler(method.startMitigation, mitigationFromProto),
    resolveAlert: handler(method.resolveAlert, resolveFromProto),
    assignAlert: handler(method.assignAlert, assignFromProto),
    snoozeAlert: handler(method.snoozeAlert, snoozeFromProto),
    commentOnAlert: handler(method.commentOnAlert, ({ comment }) => ({ kind: "comment", note: comment })),
    overrideAlert: handler(method.overrideAlert, overrideFromProto),
    reopenAlert: handler(method.reopenAlert, reopenFromProto),
    undoAlertAction: handler(method.undoAlertAction, () => ({ kind: "undo" })),
    decideAlerts: (request, context) =>
      answerOnce({ method: method.decideAlerts, store }, request, context, async (key) => {
        const done: { readonly alertId: string; readonly error: ActionError | undefined }[] = [];
        for (const message of request.actions) {
          context.signal.throwIfAborted();
          const { target, action } = actionFromProto(message);
          const error = await decide(target, action, context, key).then(() => undefined, actionError);
          done.push({ alertId: target.alertId, error });
        }
        const ids = [...new Set(done.map(({ alertId }) => alertId))];
        const views = await deps.findDecided(ids, callerOf(context).scope);
        const alerts = new Map(views.map((view) => [view.alert.id, alertToProto(view)]));
        const results = done.map(({ alertId, error }): MessageInitShape<typeof AlertActionResultSchema> => {
          const alert = alerts.get(alertId);
          return { alertId, ...(alert && { alert }), ...(error && { error: errorToProto(error) }) };
        });
        // An action that failed is performed when the request is sent again.
        return { answer: { results }, isWhole: done.every(({ error }) => error === undefined) };
      }),
  };
}

/** An RPC that performs one action on one alert. */
type ActionMethod = (typeof AlertService.method)[Exclude<ActionMethods, "decideAlerts">];

function actionFromProto({ action: message }: AlertActionMessage): {
  readonly target: Target;
  readonly action: AlertRequest["action"];
} {
  switch (message.case) {
    case "acknowledge":
      return { target: message.value, action: acknowledgeFromProto(message.value) };
    case "startMitigation":
      return { target: message.value, action: mitigationFromProto(message.value) };
    case "resolve":
      return { target: message.value, action: resolveFromProto(message.value) };
    case "assign":
      return { target: message.value, action: assignFromProto(message.value) };
    case "snooze":
      return { target: message.value, action: snoozeFromProto(message.value) };
    case "comment":
      return { target: message.value, action: { kind: "comment", note: message.value.comment } };
    case "overrideAlert":
      return { target: message.value, action: overrideFromProto(message.value) };
    case "reopen":
      return { target: message.value, action: reopenFromProto(message.value) };
    case "undo":
      return { target: message.value, action: { kind: "undo" } };
    case undefined:
      throw new Error("validation accepted an action without content");
  }
}

/** The dispositions that a person can give. */
export const GIVEN_DISPOSITIONS: Readonly<Record<GivenDisposition, Disposition>> = {
  mitigated: Disposition.MITIGATED,
  accepted: Disposition.ACCEPTED,
  false_data: Disposition.FALSE_DATA,
  false_model: Disposition.FALSE_MODEL,
  duplicate: Disposition.DUPLICATE,
};

/** What the requests with an optional note have in common. */
interface WithNote {
  readonly note: string;
}

const acknowledgeFromProto = ({ note }: WithNote): AlertAction => ({ kind: "acknowledge", note: note.trim() });
const mitigationFromProto = ({ note }: WithNote): AlertAction => ({ kind: "start_mitigation", note: note.trim() });
const reopenFromProto = ({ note }: WithNote): AlertAction => ({ kind: "reopen", note: note.trim() });

function assignFromProto({ owner, note }: Pick<AssignAlertRequest, "owner" | "note">): AlertAction {
  return { kind: "assign", owner: owner.trim(), note: note.trim() };
}

function resolveFromProto({ disposition, note, ...request }: ResolveAlertRequest): AlertAction {
  return {
    ...{ kind: "resolve", note: note.trim(), disposition: nameOf(GIVEN_DISPOSITIONS, disposition) ?? "mitigated" },
    acceptedUntil: dateFromProto(request.acceptedUntil),
    duplicateOf: request.duplicateOfAlertId,
  };
}

function snoozeFromProto({ until, untilWorse, minRise, note }: SnoozeAlertRequest): AlertAction {
  return { kind: "snooze", until: dateFromProto(until), untilWorse, minRise, note: note.trim() };
}

function overrideFromProto({ severity, band, until, reason }: OverrideAlertRequest): AlertAction {
  return {
    ...{ kind: "override", note: trimReason(reason), until: dateFromProto(until) },
    severity: nameOf(SEVERITIES, severity) ?? null,
    band: bandFromNumber(band) ?? null,
  };
}

/** Returns a time without its parts of a millisecond. */
function dateFromProto(time: Timestamp | undefined): Date | null {
  return time ? new Date(Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6)) : null;
}

/** Returns an error that is about one alert, and throws every other error. */
function actionError(error: unknown): ActionError {
  if (isActionError(error)) return error;
  throw error;
}

function errorToProto({ name, message }: ActionError) {
  return { code: codeName({ code: OPS_ERRORS[name] }), reason: reasonFromName(name), message };
}
