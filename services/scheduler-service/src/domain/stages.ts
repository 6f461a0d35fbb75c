/** Numbers of `bellwether.ops.v1.RunStage`. Code in domain/ may import that enum only as a type. */
export const STAGE = { ingest: 1, validate: 2, score: 3, drift: 4, complete: 5, report: 6 } as const;

/** Stage of a run. */
export type StageName = keyof typeof STAGE;

/** Numbers of `bellwether.ops.v1.RunState`. */
export const RUN_STATE = { held: 4 } as const;

/** Number of `bellwether.ops.v1.CheckOutcome.FAILED`. */
export const CHECK_FAILED = 2;
