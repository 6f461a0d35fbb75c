import { actorOf } from "@bellwether/mesh/call/caller";
import { and, desc, eq, inArray, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { type FoundSession, MAX_SESSIONS_OF_PERSON, type Session } from "../../domain/access/session.ts";
import type { SessionStore } from "../../domain/access/sign-in.ts";
import { SessionNotFoundError } from "../../domain/access/sign-in-error.ts";
import { appendEvents } from "../audit/audit-events.ts";
import { SESSION_CHANNEL } from "../channels.ts";
import type { Db, InTransaction, Store } from "../database.ts";
import { session, usedLink } from "../sign-in-schema.ts";

/** Sessions that ended are kept for this time, so that their cookies get the reason. */
const KEEP_ENDED_MS = 24 * 3_600_000;
/** Maximum number of rows that one cleanup removes from a table. */
const MAX_REMOVED = 1_000;

/** Creates the store of sessions. */
export function createSessionStore({ db, inTransaction }: Store, newId: () => string): SessionStore {
  return {
    create: (created, hash) => createSession(inTransaction, newId, created, hash),
    find: (hash, now) => findSession(db, hash, now),
    async recordUse(sessionId, now) {
      // Replicas whose clocks differ must not move the time back.
      const lastUsedAt = sql`greatest(${session.lastUsedAt}, ${now.toISOString()}::timestamptz)`;
      await db.update(session).set({ lastUsedAt }).where(eq(session.id, sessionId));
    },
    async confirmSecret(sessionId, previousUntil) {
      const isOpen = sql`${session.previousHash} is not null and ${session.previousUntil} is null`;
      await db
        .update(session)
        .set({ previousUntil })
        .where(and(eq(session.id, sessionId), isOpen));
    },
    async replaceSecret(sessionId, oldHash, newHash) {
      const replaced = await db
        .update(session)
        .set({ hash: newHash, previousHash: oldHash, previousUntil: null })
        .where(and(eq(session.id, sessionId), eq(session.hash, oldHash)))
        .returning({ id: session.id });
      return replaced.length > 0;
    },
    end: (hash, now) => endSession(inTransaction, newId, hash, now),
    async findEnded(sessionIds, idleMs, now) {
      const known = await db
        .select()
        .from(session)
        .where(inArray(session.id, [...sessionIds]));
      const accepted = new Set(
        known
          .filter(({ endedAt, expiresAt }) => endedAt === null && now < expiresAt)
          .filter(({ lastUsedAt }) => now.getTime() - lastUsedAt.getTime() <= idleMs)
          .map(({ id }) => id),
      );
      return sessionIds.filter((id) => !accepted.has(id));
    },
    async useLink(linkId, now) {
      const used = await db.insert(usedLink).values({ id: linkId, usedAt: now }).onConflictDoNothing().returning();
      return used.length > 0;
    },
  };
}

async function createSession(
  inTransaction: InTransaction,
  newId: () => string,
  created: Session,
  hash: string,
): Promise<void> {
  const { id, subject, method, role, scope, createdAt } = created;
  await inTransaction(async ({ db }) => {
    await db.insert(session).values({ ...created, hash });
    const ended = await db.execute<{ id: string }>(sql`
      update ${session} set ended_at = ${createdAt.toISOString()}::timestamptz
      where id in (
        select id from ${session} where subject = ${subject} and ended_at is null and id <> ${id}
        order by created_at desc offset ${MAX_SESSIONS_OF_PERSON - 1})
      returning id`);
    for (const { id: oldest } of ended.rows) await notify(db, oldest);
    const payload = JSON.stringify({
      ...{ session_id: id, method, role, ...(scope && { scope }) },
      ended_sessions: ended.rows.length,
    });
    await audit(db, newId, createdAt, { kind: "sign_in.succeeded", actor: actorOf(created), subject, payload });
  });
}

/** A session as `findSession` reads it; times are epoch milliseconds. */
interface FoundRow
  extends Record<string, unknown>,
    Pick<Session, "id" | "subject" | "name" | "role" | "method" | "scope"> {
  readonly hash: string;
  readonly previousHash: string | null;
  readonly previousUntilMs: number | null;
  readonly createdMs: number;
  readonly lastUsedMs: number;
  readonly expiresMs: number;
  readonly endedMs: number | null;
}

/**
 * Every call of a signed-in person runs this query. It is plain SQL with numbers as times: building it with drizzle
 * and converting its row costs more than the query itself (`npm run bench -- session`).
 */
async function findSession(db: Db, hash: string, now: Date): Promise<FoundSession | undefined> {
  // Most secrets are the present one, which has an index of its own.
  const row = (await findRow(db, sql`hash = ${hash}`)) ?? (await findRow(db, sql`previous_hash = ${hash}`));
  if (!row) return undefined;
  const { id, subject, name, role, method, scope = null, previousHash, previousUntilMs } = row;
  const session: Session = {
    ...{ id, subject, name, role, method, scope },
    createdAt: new Date(row.createdMs),
    lastUsedAt: new Date(row.lastUsedMs),
    expiresAt: new Date(row.expiresMs),
    endedAt: row.endedMs === null ? null : new Date(row.endedMs),
  };
  if (row.hash === hash)
    return { session, secret: previousHash !== null && previousUntilMs === null ? "fresh" : "current" };
  return { session, secret: previousUntilMs === null || now.getTime() < previousUntilMs ? "previous" : "replaced" };
}

async function findRow(db: Db, condition: SQL): Promise<FoundRow | undefined> {
  const { rows } = await db.execute<FoundRow>(sql`
    select id, hash, previous_hash as "previousHash", subject, name, role, method, scope,
      (extract(epoch from previous_until) * 1000)::float8 as "previousUntilMs",
      (extract(epoch from created_at) * 1000)::float8 as "createdMs",
      (extract(epoch from last_used_at) * 1000)::float8 as "lastUsedMs",
      (extract(epoch from expires_at) * 1000)::float8 as "expiresMs",
      (extract(epoch from ended_at) * 1000)::float8 as "endedMs"
    from bellwether.session where ${condition} limit 1`);
  return rows[0];
}

async function endSession(
  inTransaction: InTransaction,
  newId: () => string,
  hash: string,
  now: Date,
): Promise<Session | undefined> {
  return inTransaction(async ({ db }) => {
    const found = await findSession(db, hash, now);
    if (!found || found.secret === "replaced") return undefined;
    const [ended] = await db
      .update(session)
      .set({ endedAt: now })
      .where(and(eq(session.id, found.session.id), sql`${session.endedAt} is null`))
      .returning({ id: session.id });
    if (!ended) return undefined;
    const { subject, id, method } = found.session;
    await notify(db, id);
    const payload = JSON.stringify({ session_id: id, method });
    await audit(db, newId, now, { kind: "sign_in.ended", actor: actorOf(found.session), subject, payload });
    return found.session;
  });
}

/** Which sessions are listed. */
export interface SessionQuery {
  /** Empty: of everybody. */
  readonly subject: string;
  /** Whether sessions are listed that are no longer accepted. */
  readonly includeEnded: boolean;
  /** The last session of the previous page. */
  readonly after?: { readonly createdMs: number; readonly id: string };
}

const COLUMNS = {
  id: session.id,
  subject: session.subject,
  name: session.name,
  role: session.role,
  method: session.method,
  scope: session.scope,
  createdAt: session.createdAt,
  lastUsedAt: session.lastUsedAt,
  expiresAt: session.expiresAt,
  endedAt: session.endedAt,
};

/** Lists sessions, the latest sign-in first. */
export function listSessions(
  db: Db,
  { subject, includeEnded, after }: SessionQuery,
  idleMs: number,
  now: Date,
  limit: number,
): Promise<Session[]> {
  const isOpen = sql`${session.endedAt} is null and ${session.expiresAt} > ${now.toISOString()}::timestamptz
    and ${session.lastUsedAt} >= ${new Date(now.getTime() - idleMs).toISOString()}::timestamptz`;
  const from =
    after &&
    sql`(${session.createdAt}, ${session.id}) < (${new Date(after.createdMs).toISOString()}::timestamptz, ${after.id}::uuid)`;
  return db
    .select(COLUMNS)
    .from(session)
    .where(and(subject === "" ? undefined : eq(session.subject, subject), includeEnded ? undefined : isOpen, from))
    .orderBy(desc(session.createdAt), desc(session.id))
    .limit(limit);
}

/** Sessions that an administrator ends. */
export interface EndedByAdmin {
  readonly subject: string;
  /** Empty: all sessions of the person. */
  readonly sessionIds: readonly string[];
  readonly endedBy: string;
  readonly reason: string;
}

/**
 * Ends sessions of a person, records each, and notifies all replicas. Returns those that had not ended before, the
 * latest sign-in first. @throws SessionNotFoundError; then nothing is ended
 */
export async function endSessionsOf(
  inTransaction: InTransaction,
  newId: () => string,
  { subject, sessionIds, endedBy, reason }: EndedByAdmin,
  now: Date,
): Promise<readonly Session[]> {
  return inTransaction(async ({ db }) => {
    const isWanted = sessionIds.length === 0 ? sql`${session.endedAt} is null` : inArray(session.id, [...sessionIds]);
    const found = await db
      .select(COLUMNS)
      .from(session)
      .where(and(eq(session.subject, subject), isWanted))
      .orderBy(desc(session.createdAt), desc(session.id))
      .for("update");
    const ids = new Set(found.map(({ id }) => id));
    const unknown = sessionIds.filter((id) => !ids.has(id.toLowerCase()));
    if (unknown.length > 0) throw new SessionNotFoundError(subject, unknown);
    if (found.length === 0 && !(await hasSession(db, subject))) throw new SessionNotFoundError(subject, []);
    const open = found.filter(({ endedAt }) => endedAt === null);
    if (open.length === 0) return [];
    await db
      .update(session)
      .set({ endedAt: now })
      .where(
        inArray(
          session.id,
          open.map(({ id }) => id),
        ),
      );
    for (const { id, method } of open) {
      await notify(db, id);
      const payload = JSON.stringify({ session_id: id, method, by: "admin", reason });
      await audit(db, newId, now, { kind: "sign_in.ended", actor: endedBy, subject, payload });
    }
    return open.map((one) => ({ ...one, endedAt: now }));
  });
}

async function hasSession(db: Db, subject: string): Promise<boolean> {
  const rows = await db.select({ id: session.id }).from(session).where(eq(session.subject, subject)).limit(1);
  return rows.length > 0;
}

/** Notifies all replicas that a session has ended, so that they end its watches. */
async function notify(db: Db, sessionId: string): Promise<void> {
  await db.execute(sql`select pg_notify(${SESSION_CHANNEL}, ${sessionId})`);
}

async function audit(
  db: Db,
  newId: () => string,
  at: Date,
  event: { readonly kind: string; readonly actor: string; readonly subject: string; readonly payload: string },
): Promise<void> {
  const us = BigInt(at.getTime()) * 1000n;
  await appendEvents(db, [{ ...event, eventId: newId(), occurredUs: us }], us);
}

/** Removes sessions that ended a day ago, and used links of a day ago, at most 1,000 each. Returns their number. */
export async function removeEndedSessions(db: Db, now: Date): Promise<number> {
  const before = new Date(now.getTime() - KEEP_ENDED_MS).toISOString();
  const sessions = await db.execute(sql`
    delete from ${session} where id in (
      select id from ${session} where expires_at < ${before}::timestamptz order by expires_at limit ${MAX_REMOVED})`);
  const links = await db.execute(sql`
    delete from ${usedLink} where id in (
      select id from ${usedLink} where used_at < ${before}::timestamptz order by used_at limit ${MAX_REMOVED})`);
  return (sessions.rowCount ?? 0) + (links.rowCount ?? 0);
}
