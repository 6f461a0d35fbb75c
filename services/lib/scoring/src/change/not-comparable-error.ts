/** The two ends of a change cannot be compared. The message says why, and what to do. */
export class NotComparableError extends Error {
  override readonly name = "NotComparableError" as const;
}
