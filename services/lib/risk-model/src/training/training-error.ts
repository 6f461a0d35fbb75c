/** The table cannot train this model; the message says what is short and what to do. */
export class TrainingDataError extends Error {
  override readonly name = "TrainingDataError" as const;
}
