import { sql } from "@bellwether/postgres/drizzle/drizzle";

/**
 * Condition that the scores of a run `r` are not older than the retention. Every reader of scores that chooses the run itself has it:
 * the tables of an expired run are removed soon.
 */
export const NOT_EXPIRED = sql`r.scores_expired_at is null`;
