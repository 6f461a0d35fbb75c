import type { DelegationLimits } from "@bellwether/config/people-limits";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { countText } from "@bellwether/reasons/count-text";
import { personNameViolation } from "../order-controls.ts";
import { type Delegation, overlaps } from "./delegation.ts";
import {
  DelegationFieldError,
  DelegationLimitError,
  DelegationNotFoundError,
  DelegationOverlapError,
  DelegationOwnerError,
  DeputyAwayError,
} from "./delegation-error.ts";

/** Who makes or ends a delegation. */
export interface DelegationCaller {
  /** As the owner of an alert is written. */
  readonly actor: string;
  readonly isAdmin: boolean;
  /** The suppliers that the caller sees. Undefined: all. */
  readonly scope: SupplierScope | undefined;
}

/** Reads and writes delegations in one transaction. */
export interface DelegationStore {
  /** Waits for other changes of delegations. Returns those that have not ended. */
  open(now: Date): Promise<readonly Delegation[]>;
  find(delegationId: string): Promise<Delegation | undefined>;
  /** Stores a delegation that was made or ended, and records it in the audit log. */
  write(delegation: Delegation, change: "set" | "ended"): Promise<void>;
  /** Returns the scope of a person's latest session that has not ended. Undefined: the person has none. */
  scopeOfPerson(actor: string, now: Date): Promise<{ readonly scope: SupplierScope | undefined } | undefined>;
  /** Returns the suppliers of active alerts of an owner that one scope has and another has not, and the number of alerts. */
  hidden(
    owner: string,
    seenBy: SupplierScope | undefined,
    hiddenFrom: SupplierScope,
  ): Promise<{ readonly alerts: number; readonly supplierIds: readonly string[] }>;
}

export interface DelegationRequest {
  /** Empty: the caller. */
  readonly owner: string;
  readonly deputy: string;
  /** Undefined: now. */
  readonly startsAt: Date | undefined;
  readonly endsAt: Date;
  readonly reason: string;
}

/** A delegation that was made, and what it does not cover. */
export interface DelegationResult {
  readonly delegation: Delegation;
  /** Alerts of the owner that the deputy does not see. Null: it is not known which suppliers the deputy sees. */
  readonly hidden: { readonly alerts: number; readonly supplierIds: readonly string[] } | null;
  /** Owners for whom the owner is the deputy in a part of the time. */
  readonly notHandedOn: readonly string[];
}

const DAY_MS = 86_400_000;
const MAX_OPEN = 10_000;
const MAX_NAMED = 20;

/**
 * Hands the alerts of an owner to a deputy.
 * @throws DelegationOwnerError, DelegationFieldError, DelegationOverlapError, DeputyAwayError, DelegationLimitError
 */
export async function setDelegation(
  store: DelegationStore,
  request: DelegationRequest,
  { actor, isAdmin, scope }: DelegationCaller,
  { now, id, limits }: { readonly now: Date; readonly id: string; readonly limits: DelegationLimits },
): Promise<DelegationResult> {
  const owner = request.owner || actor;
  if (owner !== actor && !isAdmin) throw new DelegationOwnerError(owner);
  const { deputy, reason } = request;
  for (const [field, name] of Object.entries({ owner, deputy })) {
    const violation = personNameViolation(name);
    if (violation !== undefined) throw new DelegationFieldError(field, violation);
  }
  if (deputy === owner) throw new DelegationFieldError("deputy", "is the owner; name somebody else");
  const times = timesOf(request, now, limits);
  const open = await store.open(now);
  if (open.length >= MAX_OPEN) throw new DelegationLimitError(MAX_OPEN);
  const meanwhile = open.filter((other) => overlaps(other, times));
  const own = meanwhile.find((other) => other.owner === owner);
  if (own) throw new DelegationOverlapError(own);
  const away = meanwhile.find((other) => other.owner === deputy);
  if (away) throw new DeputyAwayError(away);
  const made = { id, owner, deputy, reason, ...times, createdBy: actor, createdAt: now };
  const delegation: Delegation = { ...made, endedAt: null, endedBy: "" };
  await store.write(delegation, "set");
  const known = await store.scopeOfPerson(deputy, now);
  const none = { alerts: 0, supplierIds: [] };
  const hidden = !known ? null : known.scope === undefined ? none : await store.hidden(owner, scope, known.scope);
  const notHandedOn = [...new Set(meanwhile.filter((other) => other.deputy === owner).map((other) => other.owner))];
  return { delegation, hidden, notHandedOn: notHandedOn.sort().slice(0, MAX_NAMED) };
}

/** @throws DelegationFieldError */
function timesOf(
  { startsAt, endsAt }: DelegationRequest,
  now: Date,
  { maxDays, maxDaysAhead }: DelegationLimits,
): Pick<Delegation, "startsAt" | "endsAt"> {
  const start = startsAt === undefined || startsAt < now ? now : startsAt;
  if (Number.isNaN(start.getTime())) throw new DelegationFieldError("starts_at", "is not a time");
  if (start.getTime() - now.getTime() > maxDaysAhead * DAY_MS)
    throw new DelegationFieldError("starts_at", `is more than ${countText(maxDaysAhead, "day")} ahead`);
  if (!(endsAt > now)) throw new DelegationFieldError("ends_at", "is not in the future");
  if (!(endsAt > start)) throw new DelegationFieldError("ends_at", "is not after starts_at");
  if (endsAt.getTime() - start.getTime() > maxDays * DAY_MS)
    throw new DelegationFieldError("ends_at", `is more than ${countText(maxDays, "day")} after the start`);
  return { startsAt: start, endsAt };
}

/**
 * Ends a delegation. One that has ended does not change.
 * @throws DelegationNotFoundError, DelegationOwnerError
 */
export async function endDelegation(
  store: DelegationStore,
  delegationId: string,
  { actor, isAdmin }: Pick<DelegationCaller, "actor" | "isAdmin">,
  now: Date,
): Promise<Delegation> {
  await store.open(now);
  const found = await store.find(delegationId);
  if (!found) throw new DelegationNotFoundError(delegationId);
  const { owner, deputy } = found;
  if (!isAdmin && actor !== owner && actor !== deputy) throw new DelegationOwnerError(owner);
  if (found.endedAt !== null || found.endsAt <= now) return found;
  const ended = { ...found, endedAt: now, endedBy: actor };
  await store.write(ended, "ended");
  return ended;
}
