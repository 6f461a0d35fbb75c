/** No object has the key. */
export class ObjectNotFoundError extends Error {
  override readonly name = "ObjectNotFoundError" as const;

  /** @param place address of the object, without a query */
  constructor(place: string, options?: ErrorOptions) {
    super(`${place} does not exist`, options);
  }
}

/** The condition of a write does not hold: another writer was faster. Nothing was stored. */
export class ObjectConditionError extends Error {
  override readonly name = "ObjectConditionError" as const;

  constructor(place: string, options?: ErrorOptions) {
    super(`${place} was not written: another writer has created, replaced or deleted it; read it again`, options);
  }
}

/** The object was replaced or deleted after its reading had begun. */
export class ObjectChangedError extends Error {
  override readonly name = "ObjectChangedError" as const;

  constructor(place: string, options?: ErrorOptions) {
    super(`${place} was replaced or deleted while it was read`, options);
  }
}

/** The key cannot be used with this store. */
export class ObjectKeyError extends Error {
  override readonly name = "ObjectKeyError" as const;

  constructor(key: string, rule: string) {
    super(`the key ${JSON.stringify(key.slice(0, 200))} cannot be used: ${rule}`);
  }
}

/** The URL of a store is wrong. The message has no part of the URL that could be a secret. */
export class StoreUrlError extends Error {
  override readonly name = "StoreUrlError" as const;
}

/** The store does not accept the identity, or the identity may not do this. */
export class StoreDeniedError extends Error {
  override readonly name = "StoreDeniedError" as const;

  /** @param code the store's own code, for example "AccessDenied" */
  constructor(place: string, code: string, options?: ErrorOptions) {
    super(
      `${place}: access denied (${code}); check the credentials and the permissions of docs/object-store.md`,
      options,
    );
  }
}

/** A setting does not fit the store: a bucket that does not exist, another region. */
export class StoreSettingsError extends Error {
  override readonly name = "StoreSettingsError" as const;

  constructor(place: string, problem: string, options?: ErrorOptions) {
    super(`${place}: ${problem}`, options);
  }
}

/** The store did not answer, or did not continue its answer, within the time limit. */
export class StoreSlowError extends Error {
  override readonly name = "StoreSlowError" as const;

  constructor(place: string, limitMs: number, options?: ErrorOptions) {
    super(`${place}: the store sent nothing for ${limitMs / 1000} s`, options);
  }
}

/** The store cannot be reached, or says that it cannot take the call now. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError" as const;

  constructor(place: string, code: string, options?: ErrorOptions) {
    super(`${place}: the store cannot be used now (${code})`, options);
  }
}

/** The store has no space left, or a quota is used up. */
export class StoreFullError extends Error {
  override readonly name = "StoreFullError" as const;

  constructor(place: string, code: string, options?: ErrorOptions) {
    super(`${place}: the store is full (${code}); free space or raise the quota`, options);
  }
}

/** The store rejects the call for a reason that is not one of the others. A retry has the same result. */
export class StoreRejectedError extends Error {
  override readonly name = "StoreRejectedError" as const;

  constructor(place: string, code: string, options?: ErrorOptions) {
    super(`${place}: the store rejects the call (${code})`, options);
  }
}

/** Every error of a call to a store. */
export type ObjectStoreError =
  | ObjectNotFoundError
  | ObjectConditionError
  | ObjectChangedError
  | ObjectKeyError
  | StoreUrlError
  | StoreDeniedError
  | StoreSettingsError
  | StoreSlowError
  | StoreUnavailableError
  | StoreFullError
  | StoreRejectedError;

const CLASSES = [
  ...[ObjectNotFoundError, ObjectConditionError, ObjectChangedError, ObjectKeyError, StoreUrlError],
  ...[StoreDeniedError, StoreSettingsError, StoreSlowError, StoreUnavailableError, StoreFullError, StoreRejectedError],
];

/** Whether an error is one of this package. */
export function isObjectStoreError(error: unknown): error is ObjectStoreError {
  return CLASSES.some((type) => error instanceof type);
}

/** Whether the same call may succeed later without anybody's help. */
export function isTransientStoreError(error: unknown): error is StoreSlowError | StoreUnavailableError {
  return error instanceof StoreSlowError || error instanceof StoreUnavailableError;
}
