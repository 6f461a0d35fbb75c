/** The request has no session. */
export class SessionMissingError extends Error {
  override readonly name = "SessionMissingError" as const;
  constructor() {
    super("you are not signed in");
  }
}

/** The session cookie cannot be read: it was changed, or its key was removed. */
export class SessionInvalidError extends Error {
  override readonly name = "SessionInvalidError" as const;
  constructor() {
    super("the session cookie is not valid: sign in again");
  }
}

/** The session was ended: by signing out, by a new sign-in, or by an administrator. */
export class SessionEndedError extends Error {
  override readonly name = "SessionEndedError" as const;
  constructor() {
    super("the session has ended: sign in again");
  }
}

/** The session has reached its longest lifetime. */
export class SessionExpiredError extends Error {
  override readonly name = "SessionExpiredError" as const;
  constructor() {
    super("the session has reached its longest lifetime: sign in again");
  }
}

/** The session was not used for too long. */
export class SessionIdleError extends Error {
  override readonly name = "SessionIdleError" as const;
  constructor() {
    super("the session was not used for too long: sign in again");
  }
}

/** A person has no session, or not one with an id. */
export class SessionNotFoundError extends Error {
  override readonly name = "SessionNotFoundError" as const;
  /** @param sessionIds the ids that are not sessions of the person; empty: the person has no session */
  constructor(subject: string, sessionIds: readonly string[]) {
    const person = JSON.stringify(subject);
    super(
      sessionIds.length === 0
        ? `no session has the subject ${person}: ListSessions lists the subjects of all sessions`
        : `no session of ${person} has the id ${sessionIds.join(", ")}: nothing was ended`,
    );
  }
}

/** A page of another origin, or a client that does not name its origin, sends a session cookie. */
export class CrossSiteRequestError extends Error {
  override readonly name = "CrossSiteRequestError" as const;
  /**
   * @param found what the request has instead of the Origin of an own page
   * @param own the origin of BELLWETHER_PUBLIC_URL; undefined: the address in the Host header is the own one
   */
  constructor(found: string, own: string | undefined) {
    const opened = own === undefined ? "at the address of this service" : `at ${own} (BELLWETHER_PUBLIC_URL)`;
    super(
      `a request with a session, or one that signs in, needs the header Origin of this service's own page, and it has ${found}: open the page ${opened}, or list the origin in BELLWETHER_WEB_ORIGINS of ops-service; clients that are not pages use a token or an API key`,
    );
  }
}

/** The answer of the identity provider does not belong to a sign-in that this browser has begun. */
export class SignInStateError extends Error {
  override readonly name = "SignInStateError" as const;
  constructor(reason: string, options?: ErrorOptions) {
    super(`${reason}: begin the sign-in again`, options);
  }
}

/** The identity provider, the token or the link is not accepted. */
export class SignInRejectedError extends Error {
  override readonly name = "SignInRejectedError" as const;
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
  }
}

/** The identity provider has verified the person, but none of the person's groups has a role. */
export class GroupMissingError extends Error {
  override readonly name = "GroupMissingError" as const;
  /** @param groups the groups that have a role */
  constructor(groups: readonly string[]) {
    super(
      `none of your groups has a role here. Groups with a role: ${firstOf(groups)}. Ask an administrator to add you to one`,
    );
  }
}

const SHOWN_GROUPS = 20;

function firstOf(groups: readonly string[]): string {
  return groups.slice(0, SHOWN_GROUPS).join(", ") + (groups.length > SHOWN_GROUPS ? ", …" : "");
}

/** None of the person's groups says which suppliers the person sees. */
export class ScopeMissingError extends Error {
  override readonly name = "ScopeMissingError" as const;
  /** @param groups the groups that have suppliers */
  constructor(groups: readonly string[]) {
    super(
      `none of your groups says which suppliers you see here. Groups with suppliers: ${firstOf(groups)}. Ask an administrator to add you to one`,
    );
  }
}

/** The suppliers of the person's groups together are not one list of regions and one of categories. */
export class ScopeConflictError extends Error {
  override readonly name = "ScopeConflictError" as const;
  /** @param groups those of the person that have suppliers */
  constructor(groups: readonly string[]) {
    super(
      `the suppliers of your groups ${firstOf(groups)} together are not all suppliers of some regions and categories. Ask an administrator for one group with what you see`,
    );
  }
}

/** The identity provider does not say which groups the person has. */
export class GroupsUnknownError extends Error {
  override readonly name = "GroupsUnknownError" as const;
  constructor(claim: string, reason: string) {
    super(`the identity provider sends no groups in the claim ${claim}: ${reason}`);
  }
}

/** The identity provider does not answer, or its answer cannot be used. */
export class IdentityProviderUnavailableError extends Error {
  override readonly name = "IdentityProviderUnavailableError" as const;
  readonly retryAfterMs = 5_000;
  constructor(reason: string, options?: ErrorOptions) {
    super(`the identity provider cannot be used: ${reason}; try again`, options);
  }
}

/** More people are signing in than the service processes at the same time. */
export class SignInBusyError extends Error {
  override readonly name = "SignInBusyError" as const;
  readonly retryAfterMs = 1_000;
  constructor() {
    super("too many people are signing in at the same time; try again");
  }
}

/** This way of signing in is not set up. */
export class SignInOffError extends Error {
  override readonly name = "SignInOffError" as const;
  constructor(what: string) {
    super(what);
  }
}

/** The path to which a sign-in returns is not on this service. */
export class ReturnPathError extends Error {
  override readonly name = "ReturnPathError" as const;
  readonly fieldViolations = [
    { field: "return", description: "is not a path of this service such as /#/alerts, at most 1024 characters" },
  ];
  constructor() {
    super("return: is not a path of this service such as /#/alerts, at most 1024 characters");
  }
}

/** The body of a sign-in does not have its form. */
export class SignInBodyError extends Error {
  override readonly name = "SignInBodyError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(field: string, description: string) {
    super(`${field}: ${description}`);
    this.fieldViolations = [{ field, description }];
  }
}
