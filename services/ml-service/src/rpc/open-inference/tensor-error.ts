/** A request of the Open Inference Protocol has a tensor, an output or a parameter that is not valid. */
export class TensorError extends Error {
  override readonly name = "TensorError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];

  /** @param field Path of the field in the request, for example `inputs[2].shape`. */
  constructor(field: string, description: string) {
    super(`${field}: ${description}`);
    this.fieldViolations = [{ field, description }];
  }
}
