/** No API key has this id. */
export class ApiKeyNotFoundError extends Error {
  override readonly name = "ApiKeyNotFoundError" as const;
  constructor(keyId: string) {
    super(`no API key ${keyId}`);
  }
}

/** Another API key has the name. */
export class ApiKeyNameTakenError extends Error {
  override readonly name = "ApiKeyNameTakenError" as const;
  constructor(name: string) {
    super(
      `an API key that is not revoked has the name ${JSON.stringify(name)}: revoke it first, or choose another name`,
    );
  }
}

/** There are as many API keys as the services accept. */
export class ApiKeyLimitError extends Error {
  override readonly name = "ApiKeyLimitError" as const;
  constructor(limit: number) {
    super(`there are ${limit} API keys: revoke one first`);
  }
}

/** An API key of a service cannot have a scope: a service works on all suppliers. */
export class ApiKeyScopeError extends Error {
  override readonly name = "ApiKeyScopeError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor() {
    const description = "must be unset for the role SERVICE, whose callers work on all suppliers";
    super(`scope: ${description}`);
    this.fieldViolations = [{ field: "scope", description }];
  }
}

/** The end date of an API key is not allowed. */
export class ApiKeyEndError extends Error {
  override readonly name = "ApiKeyEndError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(description: string) {
    super(`expires_at: ${description}`);
    this.fieldViolations = [{ field: "expires_at", description }];
  }
}
