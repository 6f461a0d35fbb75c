/** The model has no training covers, so its path-dependent expectations are unknown. */
export class NoCoversError extends Error {
  override readonly name = "NoCoversError" as const;

  constructor() {
    super("the model carries no covers: explain it against background rows (interventional) or import it with covers");
  }
}
