/** Numbers of `bellwether.ops.v1.RunStage`, which a domain may only know as a type. */
export const STAGE = { ingest: 1, validate: 2, score: 3, drift: 4, complete: 5, report: 6 } as const;

/** What a run is doing. */
export type StageName = keyof typeof STAGE;
