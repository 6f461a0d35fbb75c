/** The command was called with options or input that it does not accept. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError" as const;
}
