import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { type RequiredRole, requiredRoles } from "../auth/required-role.ts";
import { actorOf, type Caller } from "../call/caller.ts";
import type { Policy } from "../call/policy.ts";
import { codeName } from "../errors/code-name.ts";

/** What the audit log records of one call, or of several calls that are alike. */
export interface CallEvent {
  /** "calls." counts several calls. "refused": the call ended with an error. */
  readonly kind: "call.made" | "call.refused" | "calls.made" | "calls.refused";
  /** Who called. "unauthenticated": not known. "several": different callers. */
  readonly actor: string;
  /** For example "run/42". Empty: nothing in particular. */
  readonly subject: string;
  /** When the call, or the last of the calls, ended, epoch milliseconds. */
  readonly occurredAtMs: number;
  readonly payload: CallPayload;
}

export type CallPayload = { readonly [name: string]: string | number | CallPayload };

export interface AuditCallsOptions {
  /** Records an event. Must return at once. */
  readonly record: (event: CallEvent) => void;
  /** RPCs that something else records. Default: none. */
  readonly isRecordedElsewhere?: (method: DescMethod) => boolean;
  /** Returns the current time, epoch milliseconds. */
  readonly now: () => number;
  /** Time in which calls that are alike are counted together, ms. Default one minute. A killed process loses its last counts. */
  readonly everyMs?: number;
}

/** The policy; disposing it records the counted calls. */
export interface AuditCallsPolicy extends Policy, Disposable {}

/** Roles whose calls are recorded. Those of viewers are reads. */
const RECORDED: ReadonlySet<RequiredRole> = new Set<RequiredRole>([
  "analyst",
  "admin",
  "service",
  "runner",
  "promoter",
]);
const DENIED: ReadonlySet<Code | undefined> = new Set([Code.PermissionDenied, Code.Unauthenticated]);
const EVERY_MS = 60_000;
/** Maximum number of kinds of calls that are counted at the same time. The rest is counted together. */
const MAX_COUNTS = 512;
const OVERLOADED = "OVERLOADED";

interface Count {
  readonly kind: "calls.made" | "calls.refused";
  readonly actor: string;
  readonly subject: string;
  readonly fields: CallPayload;
  readonly firstMs: number;
  calls: number;
}

/**
 * Records every call that needs the role ANALYST, ADMIN or SERVICE, and every denial of any RPC. A call that changes
 * something is one event. Calls of services, reads, and denials of one caller after the first are counted: one event per
 * caller, RPC, subject and result in a minute. Calls whose caller is not known, and calls that overload rejects, are counted
 * together, because anybody can make any number of them. No event has values of a request, except the run that it is about.
 *
 * @example
 * const calls = auditCallsPolicy({ record: queue.record, now: Date.now });
 * await startServer({ ...options, policies: [calls] });
 */
export function auditCallsPolicy(options: AuditCallsOptions): AuditCallsPolicy {
  const { record, isRecordedElsewhere = () => false, now, everyMs = EVERY_MS } = options;
  const counts = new Map<string, Count>();
  const plans = new Map<DescMethod, Plan>();
  let timer: NodeJS.Timeout | undefined;

  const planOf = (method: DescMethod): Plan => {
    const known = plans.get(method);
    if (known) return known;
    const plan = isRecordedElsewhere(method) ? "nothing" : createPlan(method);
    plans.set(method, plan);
    return plan;
  };
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const ended = [...counts.values()];
    counts.clear();
    for (const { kind, actor, subject, fields, firstMs, calls } of ended)
      if (calls > 0)
        record({
          ...{ kind, actor, subject, occurredAtMs: now() },
          payload: { ...fields, calls, first_at: new Date(firstMs).toISOString() },
        });
  };
  /** Counts a call. Returns whether it is the first of its kind. */
  const count = (one: Omit<Count, "firstMs" | "calls">, isCounted: boolean): boolean => {
    const key = JSON.stringify([one.kind, one.actor, one.subject, one.fields]);
    const isKnown = counts.has(key);
    const isFull = !isKnown && counts.size >= MAX_COUNTS;
    const rest = { ...one, actor: "several", subject: "", fields: { rpc: "several" } };
    const name = isFull ? one.kind : key;
    const found = counts.get(name) ?? { ...(isFull ? rest : one), firstMs: now(), calls: 0 };
    counts.set(name, found);
    if (isCounted || isKnown || isFull) found.calls++;
    timer ??= setTimeout(flush, everyMs).unref();
    return !isKnown && !isFull;
  };

  return {
    close(call, error) {
      const isDenied = DENIED.has(error?.code);
      const plan = planOf(call.bound.method);
      if (plan === "nothing" || (plan === "denials" && !isDenied)) return;
      const reason = error && reasonOf(error);
      const result = { code: codeName(error), ...(reason !== undefined && { reason }) };
      const kind = error ? ("calls.refused" as const) : ("calls.made" as const);
      if (!call.identified || reason === OVERLOADED) {
        const actor = call.identified ? "several" : "unauthenticated";
        count({ kind, actor, subject: "", fields: { rpc: call.bound.name, ...result } }, true);
        return;
      }
      const { via } = call.caller;
      const actor = callerText(call.caller);
      const fields = { rpc: call.bound.name, protocol: call.protocolName, ...result, via };
      const subject = subjectOf(call.firstRequest);
      const isAlone = plan === "alone" && !isDenied;
      // The first denial is an event at once; a caller who repeats it is counted.
      if (!isAlone && !(count({ kind, actor, subject, fields }, !isDenied) && isDenied)) return;
      record({
        ...{ kind: error ? "call.refused" : "call.made", actor, subject, occurredAtMs: now() },
        payload: { ...fields, request_id: call.answerIds.requestId },
      });
    },
    [Symbol.dispose]: flush,
  };
}

/** What is recorded of the calls of an RPC: each call, a count of them, only denials, or nothing. */
type Plan = "alone" | "counted" | "denials" | "nothing";

function createPlan(method: DescMethod): Plan {
  const role = requiredRoles([method]).get(method) ?? "admin";
  if (!RECORDED.has(role)) return "denials";
  const isRead = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  // Runs are made of many calls. What they decide is an event of the run.
  return role === "service" || role === "runner" || isRead ? "counted" : "alone";
}

/** Calls of a holder are about its run. */
function subjectOf(request: Message | undefined): string {
  const lease: unknown = request && Reflect.get(request, "lease");
  const runId: unknown = typeof lease === "object" && lease !== null ? Reflect.get(lease, "runId") : undefined;
  return typeof runId === "number" || typeof runId === "bigint" ? `run/${runId}` : "";
}

const MAX_ACTOR_BYTES = 256;

function callerText(caller: Caller): string {
  const actor = actorOf(caller).replaceAll("\0", "\ufffd").toWellFormed();
  return Buffer.byteLength(actor) <= MAX_ACTOR_BYTES ? actor || "unnamed" : actor.slice(0, MAX_ACTOR_BYTES / 4);
}

function reasonOf(error: ConnectError): string | undefined {
  return error.findDetails(ErrorInfoSchema)[0]?.reason;
}
