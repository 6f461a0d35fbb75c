/**
 * Returns the errors of one failure, oldest first. An error while something is closed wraps the error before
 * it in a SuppressedError.
 */
export function errorsOf(error: unknown): readonly unknown[] {
  return error instanceof SuppressedError ? [...errorsOf(error.suppressed), ...errorsOf(error.error)] : [error];
}
