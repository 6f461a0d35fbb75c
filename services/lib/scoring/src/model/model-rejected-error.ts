/** The stored version cannot be served: its parts do not fit together or do not give the recorded answers. */
export class ModelRejectedError extends Error {
  override readonly name = "ModelRejectedError" as const;
}
