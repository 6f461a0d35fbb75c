/** Why a model cannot be explained against background rows. */
export type InterventionalRefusal = "no-background" | "features-on-path" | "table-size";

/** The model or its background rows are beyond what interventional tables can hold. */
export class InterventionalRefusedError extends Error {
  override readonly name = "InterventionalRefusedError" as const;
  readonly reason: InterventionalRefusal;

  constructor(reason: InterventionalRefusal, message: string) {
    super(message);
    this.reason = reason;
  }
}
