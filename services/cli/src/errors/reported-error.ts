/** A command failed and its report says so already: under --json no second line follows; exit code 1. */
export class ReportedError extends Error {
  override readonly name = "ReportedError" as const;
}
