import { isoWeekAt } from "@bellwether/contract/iso-week";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { KnownPrediction } from "../../domain/outcomes/check-outcomes.ts";
import type { Db } from "../database.ts";

/** The kinds of events that record a single prediction. */
const KINDS = ["prediction.served", "explanation.served"];
/** The kinds of events that record a score with its prediction id. */
const SCORED_KINDS = [...KINDS, "counterfactual.served"];
/** A call is recorded when it ends, after its prediction got its id: usually within milliseconds, at the latest after its deadline. */
const USUAL_CALL_US = 2_000_000n;
const LONGEST_CALL_US = 120_000_000n;
const CLOCK_US = 1_000_000n;

/** Returns the time in a UUID version 7, microseconds since 1970. Undefined: another version. */
function timeOfId(id: string): bigint | undefined {
  return id[14] === "7" ? BigInt(`0x${id.slice(0, 8)}${id.slice(9, 13)}`) * 1000n : undefined;
}

/**
 * Returns the predictions of these ids that the audit log has. The id has the time of the prediction, so that only the events of some
 * seconds are read, and of two minutes for those that are not found.
 */
export async function findPredictions(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, KnownPrediction>> {
  const unique = [...new Set(ids)];
  const found = new Map(await findWithin(db, unique, USUAL_CALL_US));
  const missing = unique.filter((id) => !found.has(id));
  for (const [id, prediction] of await findWithin(db, missing, LONGEST_CALL_US)) found.set(id, prediction);
  return found;
}

/**
 * Returns the sequence of the event that recorded a prediction. Undefined: the audit log has none.
 * @param id lower-case
 */
export async function findPredictionEvent(db: Db, id: string): Promise<number | undefined> {
  const us = timeOfId(id);
  if (us === undefined) return undefined;
  for (const longestUs of [USUAL_CALL_US, LONGEST_CALL_US]) {
    const { rows } = await db.execute<{ sequence: number }>(sql`
      select sequence::float8 as sequence from bellwether.audit_event
      where kind = any(${sql.param(SCORED_KINDS)}::text[])
        and occurred_us between ${String(us - CLOCK_US)}::bigint and ${String(us + longestUs)}::bigint
        and payload like ${`%"prediction_id":"${id}"%`}
      order by occurred_us limit 1`);
    if (rows[0]) return rows[0].sequence;
  }
  return undefined;
}

async function findWithin(
  db: Db,
  ids: readonly string[],
  longestUs: bigint,
): Promise<(readonly [id: string, prediction: KnownPrediction])[]> {
  const timed = ids.flatMap((id) => {
    const us = timeOfId(id);
    return us === undefined ? [] : [{ id, from: us - CLOCK_US, to: us + longestUs }];
  });
  if (timed.length === 0) return [];
  const { rows } = await db.execute<{ id: string; subject: string; occurredUs: string; modelName: string | null }>(sql`
    select g.id, a.subject, a.occurred_us as "occurredUs", a.payload::jsonb -> 'model' ->> 'name' as "modelName"
    from unnest(${sql.param(timed.map(({ id }) => id))}::text[], ${sql.param(timed.map(({ from }) => String(from)))}::bigint[],
      ${sql.param(timed.map(({ to }) => String(to)))}::bigint[]) as g(id, low, high)
    cross join lateral (
      select subject, occurred_us, payload from bellwether.audit_event
      where kind = any(${sql.param(KINDS)}::text[]) and occurred_us between g.low and g.high
        and payload like '%"prediction_id":"' || g.id || '"%'
      order by occurred_us limit 1
    ) a`);
  return rows.map(({ id, subject, occurredUs, modelName }) => {
    const at = new Date(Number(BigInt(occurredUs) / 1000n));
    return [id, { supplierId: subject, isoWeek: isoWeekAt(at, "UTC"), modelName: modelName ?? "" }] as const;
  });
}
