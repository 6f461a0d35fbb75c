import type { Delegation } from "./delegation.ts";

/** The deputy or the times of a delegation are not allowed. */
export class DelegationFieldError extends Error {
  override readonly name = "DelegationFieldError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(field: string, description: string) {
    super(`${field}: ${description}`);
    this.fieldViolations = [{ field, description }];
  }
}

/** Only the owner and administrators make a delegation; the deputy may end it too. */
export class DelegationOwnerError extends Error {
  override readonly name = "DelegationOwnerError" as const;
  constructor(owner: string) {
    super(`the alerts are those of ${owner}: this asks for ${owner}, or for the role admin`);
  }
}

/** The alerts of the owner are handed to a deputy in a part of the time already. */
export class DelegationOverlapError extends Error {
  override readonly name = "DelegationOverlapError" as const;
  constructor({ owner, deputy, startsAt, endsAt }: Pick<Delegation, "owner" | "deputy" | "startsAt" | "endsAt">) {
    super(
      `${deputy} is the deputy of ${owner} from ${startsAt.toISOString()} to ${endsAt.toISOString()} already: end that delegation first, or choose another time`,
    );
  }
}

/** The deputy is away in a part of the time. A delegation has one step, so the alerts would be with nobody. */
export class DeputyAwayError extends Error {
  override readonly name = "DeputyAwayError" as const;
  constructor({ owner, deputy, startsAt, endsAt }: Pick<Delegation, "owner" | "deputy" | "startsAt" | "endsAt">) {
    super(
      `${owner} is away from ${startsAt.toISOString()} to ${endsAt.toISOString()}, with ${deputy} as deputy, and alerts are handed on once only: choose another deputy or another time`,
    );
  }
}

/** No delegation has the id. */
export class DelegationNotFoundError extends Error {
  override readonly name = "DelegationNotFoundError" as const;
  constructor(delegationId: string) {
    super(`no delegation ${delegationId}`);
  }
}

/** There are as many delegations as the service accepts. */
export class DelegationLimitError extends Error {
  override readonly name = "DelegationLimitError" as const;
  constructor(limit: number) {
    super(`there are ${limit} delegations that have not ended: end some first`);
  }
}
