/**
 * A variable or a configuration file that another process of the command reads is invalid, or its input does not exist.
 * Exit code 2.
 */
export class InvalidConfigurationError extends Error {
  override readonly name = "InvalidConfigurationError" as const;
  /** Fields of `error` under --json in addition to kind and message. */
  readonly details: { readonly reason: string };

  constructor(message: string, reason = "INVALID_CONFIGURATION") {
    super(message);
    this.details = { reason };
  }
}
