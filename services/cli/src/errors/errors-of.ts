/** The errors of one failure, oldest first: an error while something is closed hides the one before it in a SuppressedError. */
export function errorsOf(error: unknown): readonly unknown[] {
  return error instanceof SuppressedError ? [...errorsOf(error.suppressed), ...errorsOf(error.error)] : [error];
}
