/** No model is loaded yet, so nothing can be answered. */
export class ModelNotReadyError extends Error {
  override readonly name = "ModelNotReadyError" as const;
  readonly retryAfterMs = 1_000;
  constructor(modelName: string) {
    super(`model "${modelName}" is not loaded yet; try again in a moment`);
  }
}

/** The columns of a batch do not fit together. */
export class BatchShapeError extends Error {
  override readonly name = "BatchShapeError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(field: string, description: string) {
    super(`${field}: ${description}`);
    this.fieldViolations = [{ field, description }];
  }
}

/** A page token that this list did not hand out. */
export class PageTokenError extends Error {
  override readonly name = "PageTokenError" as const;
  readonly fieldViolations = [
    { field: "page_token", description: "use next_page_token of the previous page, unchanged" },
  ];
  constructor() {
    super("page_token is not one of this list's; use next_page_token of the previous page, unchanged");
  }
}
