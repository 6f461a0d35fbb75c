/** No model is loaded yet, so the call cannot be answered. */
export class ModelNotReadyError extends Error {
  override readonly name = "ModelNotReadyError" as const;
  readonly retryAfterMs = 1_000;
  constructor(modelName: string) {
    super(`model "${modelName}" is not loaded yet; try again in a moment`);
  }
}

/** The model has no folder in the configuration of this replica. */
export class ModelNotConfiguredError extends Error {
  override readonly name = "ModelNotConfiguredError" as const;
  /** @param known the configured models */
  constructor(modelName: string, known: readonly string[]) {
    super(`this ml-service has no model "${modelName.slice(0, 64).toWellFormed()}"; it has: ${known.join(", ")}`);
  }
}

/** A version that a client of the Open Inference Protocol names is rejected: for these clients it is one that is not ready. */
export class VersionNotReadyError extends Error {
  override readonly name = "VersionNotReadyError" as const;
  /** @param why the reason of the rejection */
  constructor(modelName: string, version: string, why: string, cause: unknown) {
    super(`version ${version} of model "${modelName}" is not ready: ${why}`, { cause });
  }
}

/** Too many versions are loaded or wait to be loaded. */
export class ModelLoadsFullError extends Error {
  override readonly name = "ModelLoadsFullError" as const;
  readonly retryAfterMs = 2_000;
  constructor(what: string) {
    super(`${what}; try again in a moment, or use the champion`);
  }
}

/** The caller may use only the versions that an alias points at. */
export class VersionNotAllowedError extends Error {
  override readonly name = "VersionNotAllowedError" as const;
  constructor(modelName: string, version: string) {
    super(
      `no alias of ${modelName} points at ${version.slice(0, 64).toWellFormed()}: other versions ask for the role "analyst"; use the champion or the challenger`,
    );
  }
}

/** The id of a supplier is not one that a weekly file can contain. */
export class SupplierIdError extends Error {
  override readonly name = "SupplierIdError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  /** @param path Path of the supplier in the request. */
  constructor(description: string, path = "supplier") {
    const field = `${path}.supplier_id`;
    super(`${field} ${description}`);
    this.fieldViolations = [{ field, description }];
  }
}

/** The two ends of a change name different models. */
export class ChangeModelError extends Error {
  override readonly name = "ChangeModelError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(before: string, after: string) {
    const field = "after.model.model_name";
    const description = `is "${after}", but before.model.model_name is "${before}"; compare two versions of one model`;
    super(`${field} ${description}`);
    this.fieldViolations = [{ field, description }];
  }
}

/** The columns of a batch have different numbers of rows, or a column is not valid. */
export class BatchShapeError extends Error {
  override readonly name = "BatchShapeError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  readonly #field: string;
  readonly #description: string;
  constructor(field: string, description: string) {
    super(`${field}: ${description}`);
    this.#field = field;
    this.#description = description;
    this.fieldViolations = [{ field, description }];
  }

  /** Returns the error of the batch as one of a larger message: `path` is the field of the batch, `where` is in words. */
  inside(path: string, where: string): BatchShapeError {
    return new BatchShapeError(`${path}.${this.#field}`, `${this.#description} (${where})`);
  }
}

/** This replica has its maximum number of open streams of blocks, together or of one caller. */
export class StreamsFullError extends Error {
  override readonly name = "StreamsFullError" as const;
  readonly retryAfterMs = 1_000;
  constructor(maxStreams: number, whose = "") {
    const open = `${maxStreams} streams ${whose && `${whose} `}are open at this replica`;
    super(`${open}; try again in a moment, or use PredictBatch`);
  }
}
