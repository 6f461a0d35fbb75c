/** A variable or a configuration file that another process of the command reads is invalid. Exit code 2. */
export class InvalidConfigurationError extends Error {
  override readonly name = "InvalidConfigurationError" as const;
  /** Fields of `error` under --json in addition to kind and message. */
  readonly details = { reason: "INVALID_CONFIGURATION" };
}
