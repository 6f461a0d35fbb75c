import { UNDO_MS } from "@bellwether/contract/undo-time";
import type { AuditEvent } from "../audit/audit-chain.ts";
import { AlertActionError, AlertChangedError, AlertNotFoundError, AlertUndoError } from "../ops-error.ts";
import type { RequestKey } from "../request-key.ts";
import { type Alert, type AlertChange, type AlertDecision, type AlertEvent, endTerms } from "./alert.ts";
import { type ActionContext, type ActionResult, type AlertAction, applyAction, contentHash } from "./alert-action.ts";

/** Reads and changes what an action on an alert needs. Nothing is written when the alert changes between `lock` and `write`. */
export interface AlertTransaction {
  /** Records that the request of this key has an effect. @throws RequestKeyMismatchError, RequestKeyLimitError */
  claim(key: RequestKey): Promise<void>;
  /** Returns the alert to act on, which stays as it is until `write`, or `write` does nothing and the action begins again. */
  lock(alertId: string): Promise<Alert | undefined>;
  /** Returns an alert without a lock. */
  find(alertId: string): Promise<Pick<Alert, "id" | "duplicateOf" | "supplierId"> | undefined>;
  /** Returns suppliers with the one into which each is merged, or themselves. */
  suppliers(numbers: readonly number[]): Promise<readonly KnownSupplier[]>;
  /** Returns the entry of the action whose author saw this version of the alert. */
  actionAt(alertId: string, seenVersion: number): Promise<AlertEvent | undefined>;
  /** Writes the change and its event in the audit log. Call it last and once. */
  write(change: AlertChange, event: Omit<AuditEvent, "eventId" | "occurredUs">): Promise<void>;
}

/** A supplier of an alert. Numbers are those of the database. */
export interface KnownSupplier {
  readonly number: number;
  /** The caller's id of the supplier. */
  readonly externalId: string;
  readonly survivor: number;
}

/** An action of a person on one alert, which the person saw in this version. */
export interface AlertRequest extends ActionContext {
  readonly alertId: string;
  readonly version: number;
  readonly action: AlertAction | { readonly kind: "undo" };
  /** Key of the request, if the client sent one. */
  readonly requestKey?: RequestKey | undefined;
}

/**
 * Performs an action, with its entry in the history and in the audit log. The same action of the same person
 * on the same version changes nothing the second time. Nor does a comment without a key that repeats the newest entry of
 * the alert, by the same person, within 60 seconds: it was typed again because the first answer was lost.
 * @throws AlertNotFoundError, AlertChangedError, AlertStateError, AlertResolvedError, AlertActionError,
 * AlertUndoError, RequestKeyMismatchError, RequestKeyLimitError
 */
export async function decideOnAlert(transaction: AlertTransaction, request: AlertRequest): Promise<void> {
  const { alertId, version, actor, now, action, requestKey } = request;
  if (requestKey) await transaction.claim(requestKey);
  const locked = await transaction.lock(alertId);
  if (!locked) throw new AlertNotFoundError(alertId);
  if (locked.version !== version) {
    const done = await transaction.actionAt(alertId, version);
    if (done?.actor === actor && done.contentHash === contentHash(action)) return;
    throw new AlertChangedError(locked, version);
  }
  if (action.kind === "comment" && !requestKey) {
    const last = await transaction.actionAt(alertId, version - 1);
    const isSame = last?.actor === actor && last.contentHash === contentHash(action);
    if (isSame && now.getTime() - last.occurredAt.getTime() <= UNDO_MS) return;
  }
  // A snooze or an override whose time is over ends first, so that the history is in order.
  const due = endTerms(locked, now);
  const before = due?.alert ?? locked;
  const result =
    action.kind === "undo"
      ? undo(before, await transaction.actionAt(alertId, version - 1), request)
      : await perform(transaction, before, action, request);
  if (!result) return;
  const made = { version: version + 1, changedAt: now, changedBy: actor };
  const alert: Alert = { ...before, ...result.changed, ...made };
  const note = action.kind === "undo" ? "" : action.note;
  const isUndoable = action.kind !== "undo" && action.kind !== "comment";
  const event: AlertEvent = {
    ...{ alertId, kind: result.kind, occurredAt: now, actor, note, detail: result.detail, riskScore: alert.riskScore },
    ...{ version: alert.version, seenVersion: version, contentHash: contentHash(action) },
    before: isUndoable ? replacedValues(before, result.changed) : null,
    ...{ runId: null, scoreChangeParts: null },
  };
  const { detail } = result;
  const payload = JSON.stringify({ note, version, ...(detail && { detail }), ...result.audit });
  await transaction.write(
    { alert, isNew: false, events: [...(due?.events ?? []), event] },
    { kind: `alert.${result.kind}`, actor, subject: alertId, payload },
  );
}

type Result = ActionResult & { readonly audit?: Readonly<Record<string, unknown>> };

async function perform(
  transaction: AlertTransaction,
  alert: Alert,
  action: AlertAction,
  context: ActionContext,
): Promise<Result | undefined> {
  const result = applyAction(alert, action, context);
  const other = result?.changed.duplicateOf;
  if (typeof other === "string") await checkDuplicate(transaction, alert, other);
  const { disposition } = result?.changed ?? {};
  return result && { ...result, ...(disposition && { audit: { disposition } }) };
}

/** An alert must not be the duplicate of a duplicate, so there are no circles, nor of an alert about another supplier. */
async function checkDuplicate(transaction: AlertTransaction, alert: Alert, otherId: string): Promise<void> {
  const field = "duplicate_of_alert_id";
  const other = await transaction.find(otherId);
  if (!other) throw new AlertActionError(field, "no alert has this id");
  if (other.duplicateOf !== null)
    throw new AlertActionError(field, `is itself a duplicate; name the alert ${other.duplicateOf}`);
  if (other.supplierId === alert.supplierId) return;
  const known = await transaction.suppliers([alert.supplierId, other.supplierId]);
  const [own, theirs] = [alert, other].map(({ supplierId }) => known.find(({ number }) => number === supplierId));
  if (own && theirs && own.survivor === theirs.survivor) return;
  throw new AlertActionError(
    field,
    `is about the supplier ${theirs?.externalId ?? ""}, and this alert about ${own?.externalId ?? ""}; ` +
      `name an alert about ${own?.externalId ?? "the same supplier"}, or merge the two suppliers first if they are one`,
  );
}

function undo(alert: Alert, last: AlertEvent | undefined, { actor, now }: ActionContext): Result {
  if (!last) throw new AlertUndoError(alert.id, "the last change of the alert is not an action of a person");
  if (last.actor !== actor) throw new AlertUndoError(alert.id, `the last action is that of ${last.actor}`);
  if (last.before === null) throw new AlertUndoError(alert.id, "a comment and an undo cannot be undone");
  if (now.getTime() - last.occurredAt.getTime() > UNDO_MS)
    throw new AlertUndoError(alert.id, `the action is older than ${UNDO_MS / 1000} seconds`);
  return { kind: "undone", changed: last.before, detail: `Undone: ${last.kind}.`, audit: { undone: last.kind } };
}

/** Returns the values that a change replaces. */
function replacedValues(alert: Alert, changed: Partial<AlertDecision>): Partial<AlertDecision> {
  return Object.fromEntries(Object.keys(changed).map((key) => [key, Reflect.get(alert, key)]));
}
