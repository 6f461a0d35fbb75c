/** Reason why a model cannot be explained against background rows. */
export type InterventionalRejection = "no-background" | "features-on-path" | "table-size";

/** The model or its background rows exceed a limit of interventional SHAP. */
export class InterventionalRejectedError extends Error {
  override readonly name = "InterventionalRejectedError" as const;
  readonly reason: InterventionalRejection;

  constructor(reason: InterventionalRejection, message: string) {
    super(message);
    this.reason = reason;
  }
}
