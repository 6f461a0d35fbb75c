import { and, eq, isNull, sql } from "@bellwether/postgres/drizzle/drizzle";
import { RequestKeyLimitError, RequestKeyMismatchError } from "../domain/ops-error.ts";
import type { RequestKey, RequestKeyStore } from "../domain/request-key.ts";
import type { Db } from "./database.ts";
import { requestKey } from "./schema.ts";

/** Hours for which keys and answers are kept. */
export const KEPT_HOURS = 24;
/** Maximum number of keys of a caller that are kept. */
export const MAX_KEYS = 10_000;
/** Maximum size of an answer that is stored. A larger one is computed again. */
const MAX_ANSWER_BYTES = 262_144;
/** Maximum number of old keys that one request removes. */
const REMOVED = 100;

const isOld = sql`created_at < now() - make_interval(hours => ${KEPT_HOURS})`;

/**
 * Records that a request has an effect, in the transaction of the effect. A request with the same key waits until the
 * transaction ends.
 * @returns whether no request with this key had an effect before
 * @throws RequestKeyMismatchError when the key was used for another request, RequestKeyLimitError
 */
export async function claimKey(db: Db, { caller, key, digest }: RequestKey): Promise<boolean> {
  await db.execute(
    sql`delete from bellwether.request_key where ctid = any(array(
      select ctid from bellwether.request_key where ${isOld} order by created_at limit ${REMOVED} for update skip locked))`,
  );
  const claimed = await db
    .insert(requestKey)
    .values({ caller, key, digest })
    // An old key is not removed at once when there are many.
    .onConflictDoUpdate({
      target: [requestKey.caller, requestKey.key],
      set: { digest, answer: null, createdAt: sql`now()` },
      setWhere: sql`request_key.${isOld}`,
    })
    .returning({ digest: requestKey.digest });
  if (claimed.length > 0) {
    const beyond = await db
      .select({ key: requestKey.key })
      .from(requestKey)
      .where(eq(requestKey.caller, caller))
      .limit(1)
      .offset(MAX_KEYS);
    if (beyond.length > 0) throw new RequestKeyLimitError(MAX_KEYS, KEPT_HOURS);
    return true;
  }
  const [known] = await db.select({ digest: requestKey.digest }).from(requestKey).where(isKey(caller, key));
  if (known && known.digest !== digest) throw new RequestKeyMismatchError(key);
  return false;
}

/** Creates the store of keys and answers. */
export function createRequestKeyStore(db: Db): RequestKeyStore {
  const find: RequestKeyStore["find"] = async ({ caller, key }) => {
    const [known] = await db
      .select({ digest: requestKey.digest, answer: requestKey.answer })
      .from(requestKey)
      .where(and(isKey(caller, key), sql`not (${isOld})`));
    return (
      known && { digest: known.digest, answer: known.answer === null ? undefined : Buffer.from(known.answer, "base64") }
    );
  };
  return {
    find,
    async storeAnswer(key, answer) {
      if (answer.length > MAX_ANSWER_BYTES) return undefined;
      const stored = await db
        .update(requestKey)
        .set({ answer: Buffer.from(answer).toString("base64") })
        .where(and(isKey(key.caller, key.key), eq(requestKey.digest, key.digest), isNull(requestKey.answer)))
        .returning({ key: requestKey.key });
      if (stored.length > 0) return undefined;
      const known = await find(key);
      return known?.digest === key.digest ? known.answer : undefined;
    },
  };
}

const isKey = (caller: string, key: string) => and(eq(requestKey.caller, caller), eq(requestKey.key, key));
