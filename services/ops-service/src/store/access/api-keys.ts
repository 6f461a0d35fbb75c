import { MAX_API_KEYS } from "@bellwether/mesh/auth/api-key-list";
import { and, desc, eq, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { ApiKey } from "../../domain/access/api-key.ts";
import { ApiKeyLimitError, ApiKeyNameTakenError, ApiKeyNotFoundError } from "../../domain/access/api-key-error.ts";
import { appendEvents } from "../audit/audit-events.ts";
import { API_KEY_CHANNEL } from "../channels.ts";
import type { Db, InTransaction } from "../database.ts";
import { apiKey } from "../sign-in-schema.ts";

/** Number of the advisory lock of the transactions that create keys. */
const CREATE_LOCK = 724_016;

/** Stores a new key and records it. @throws ApiKeyNameTakenError, ApiKeyLimitError */
export async function createApiKey(inTransaction: InTransaction, newId: () => string, key: ApiKey): Promise<void> {
  await inTransaction(async ({ db }) => {
    await db.execute(sql`select pg_advisory_xact_lock(${CREATE_LOCK})`);
    const [named] = await db
      .select({ id: apiKey.id })
      .from(apiKey)
      .where(and(eq(apiKey.name, key.name), sql`${apiKey.revokedAt} is null`));
    if (named) throw new ApiKeyNameTakenError(key.name);
    const { rows } = await db.execute<{ count: number }>(
      sql`select count(*)::int as count from ${apiKey} where ${isAccepted(key.createdAt)}`,
    );
    if ((rows[0]?.count ?? 0) >= MAX_API_KEYS) throw new ApiKeyLimitError(MAX_API_KEYS);
    await db.insert(apiKey).values(key);
    const { id, name, prefix, role, scope, expiresAt } = key;
    const payload = { key_id: id, name, prefix, role, ...(scope && { scope }), expires_at: expiresAt.toISOString() };
    await announce(db, newId, key.createdAt, { kind: "key.created", actor: key.createdBy, id, name, payload });
  });
}

/** Revokes a key and records it. A key that is already revoked does not change. @throws ApiKeyNotFoundError */
export async function revokeApiKey(
  inTransaction: InTransaction,
  newId: () => string,
  keyId: string,
  revokedBy: string,
  now: Date,
): Promise<ApiKey> {
  return inTransaction(async ({ db }) => {
    const [found] = await db.select().from(apiKey).where(eq(apiKey.id, keyId)).for("update");
    if (!found) throw new ApiKeyNotFoundError(keyId);
    if (found.revokedAt !== null) return found;
    await db.update(apiKey).set({ revokedAt: now, revokedBy }).where(eq(apiKey.id, keyId));
    const { id, name, prefix } = found;
    const payload = { key_id: id, name, prefix };
    await announce(db, newId, now, { kind: "key.revoked", actor: revokedBy, id, name, payload });
    return { ...found, revokedAt: now, revokedBy };
  });
}

/** Lists keys, newest first. `after`: the last key of the previous page. */
export function listApiKeys(
  db: Db,
  {
    includeEnded,
    after,
  }: { readonly includeEnded: boolean; readonly after?: { readonly createdMs: number; readonly id: string } },
  now: Date,
  limit: number,
): Promise<ApiKey[]> {
  const from =
    after &&
    sql`(${apiKey.createdAt}, ${apiKey.id}) < (${new Date(after.createdMs).toISOString()}::timestamptz, ${after.id}::uuid)`;
  return db
    .select()
    .from(apiKey)
    .where(and(includeEnded ? undefined : isAccepted(now), from))
    .orderBy(desc(apiKey.createdAt), desc(apiKey.id))
    .limit(limit);
}

/** Lists the keys that are accepted at `now`, at most 1,000. */
export function listAcceptedKeys(db: Db, now: Date): Promise<ApiKey[]> {
  return listApiKeys(db, { includeEnded: false }, now, MAX_API_KEYS);
}

/** Records the latest use of keys. Unknown ids are ignored; a time that is later than `now` counts as now. */
export async function recordKeyUses(
  db: Db,
  uses: readonly { readonly id: string; readonly usedAtMs: number }[],
  now: Date,
): Promise<void> {
  const ids = sql.param(uses.map(({ id }) => id));
  const times = sql.param(
    uses.map(({ usedAtMs }) => new Date(Math.max(0, Math.min(usedAtMs, now.getTime()))).toISOString()),
  );
  await db.execute(sql`
    update ${apiKey} set last_used_at = greatest(coalesce(last_used_at, u.at), u.at)
    from unnest(${ids}::uuid[], ${times}::timestamptz[]) as u(id, at) where ${apiKey}.id = u.id`);
}

const isAccepted = (now: Date) =>
  sql`${apiKey.revokedAt} is null and ${apiKey.expiresAt} > ${now.toISOString()}::timestamptz`;

interface KeyEvent {
  readonly kind: "key.created" | "key.revoked";
  readonly actor: string;
  readonly id: string;
  readonly name: string;
  readonly payload: object;
}

/** Records a change of a key, and notifies all replicas. */
async function announce(db: Db, newId: () => string, at: Date, event: KeyEvent): Promise<void> {
  const { kind, actor, id, name, payload } = event;
  const us = BigInt(at.getTime()) * 1000n;
  const record = { kind, actor, subject: name, payload: JSON.stringify(payload), eventId: newId(), occurredUs: us };
  await appendEvents(db, [record], us);
  await db.execute(sql`select pg_notify(${API_KEY_CHANNEL}, ${id})`);
}
