/** A command failed and has printed its result already: with --json, no second line follows. Exit code 1. */
export class ReportedError extends Error {
  override readonly name = "ReportedError" as const;
}
