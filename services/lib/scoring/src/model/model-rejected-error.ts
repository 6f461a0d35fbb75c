/**
 * The stored version cannot be served: its parts do not match, or its answers differ from the recorded ones.
 */
export class ModelRejectedError extends Error {
  override readonly name = "ModelRejectedError" as const;
}
