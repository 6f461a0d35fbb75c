import { setTimeout as delay } from "node:timers/promises";
import { shortCause } from "@bellwether/files/storage-error";
import { connectPostgres } from "../pool/open-postgres.ts";
import type { PostgresPool } from "../pool/postgres-pool.ts";

/** An index that is built without blocking processes that write to its table. */
export interface ConcurrentIndex {
  readonly name: string;
  /** Whether equal rows are rejected. If the table has equal rows, the index is not built. */
  readonly isUnique?: boolean;
  /** What follows "create index … on": schema, table, columns and condition. */
  readonly on: string;
  /** Name of an index of the schema, or of the unique constraint with this index, that is dropped when this one is complete. */
  readonly replaces?: string;
}

/** An index that could not be built, with the cause in one line. */
export interface MissingIndex {
  readonly name: string;
  readonly cause: string;
}

export interface BuildOptions {
  /** Schema of the indexes. */
  readonly schema: string;
  /** Maximum time to wait for transactions that use the table, ms. */
  readonly lockTimeoutMs?: number;
}

type Queries = Pick<PostgresPool, "query">;

/** Key of an advisory lock, an arbitrary number: one process at a time builds indexes. */
const BUILD_LOCK = 724_021;
const LOCK_TIMEOUT_MS = 30_000;
const LOOK_MS = 200;
const CONSTRAINT_LOCK_TIMEOUT_MS = 2_000;

/**
 * Builds the indexes that a database does not have, one after the other, while other processes go on writing to the
 * tables (`create index concurrently`), and drops the ones they replace. An index that a killed process has left
 * incomplete is built again. Returns the
 * indexes that could not be built: queries work without them, only slower, and the next start tries again.
 * @param pool connections that look for the indexes. A separate connection builds them
 * @param url URL of a role that owns the tables
 */
export async function buildIndexes(
  pool: Queries,
  url: string,
  indexes: readonly ConcurrentIndex[],
  { schema, lockTimeoutMs = LOCK_TIMEOUT_MS }: BuildOptions,
): Promise<readonly MissingIndex[]> {
  const before = await findMissing(pool, schema, indexes);
  if (before.length === 0) return [];
  const builder = connectPostgres(url, { max: 1, applicationName: "bellwether-indexes", lockTimeoutMs });
  const missing: MissingIndex[] = [];
  try {
    const isOwn = await takeLock(builder, lockTimeoutMs);
    for (const index of await findMissing(builder, schema, indexes)) {
      const { name } = index;
      if (!isOwn) missing.push({ name, cause: "another process builds indexes" });
      else
        await build(builder, schema, index, Math.min(lockTimeoutMs, CONSTRAINT_LOCK_TIMEOUT_MS)).catch((error) => {
          missing.push({ name, cause: shortCause(error) });
        });
    }
    return missing;
  } catch (error) {
    return before.map(({ name }) => ({ name, cause: shortCause(error) }));
  } finally {
    await builder.close();
  }
}

/** Returns the indexes that do not exist or are not complete, and those whose predecessor exists. */
async function findMissing(
  pool: Queries,
  schema: string,
  indexes: readonly ConcurrentIndex[],
): Promise<readonly ConcurrentIndex[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_index i on i.indexrelid = c.oid
     where c.relnamespace = (select oid from pg_namespace where nspname = $1) and c.relname = any($2) and i.indisvalid`,
    [schema, indexes.flatMap(({ name, replaces }) => [name, ...(replaces === undefined ? [] : [replaces])])],
  );
  const valid = new Set(rows.map(({ name }) => name));
  return indexes.filter(({ name, replaces }) => !valid.has(name) || valid.has(replaces ?? ""));
}

/**
 * Takes the lock of the one connection of `pool`. Returns false when another process keeps it too long. It asks again and
 * again: a statement that waits would hold a snapshot, for whose end the other process waits.
 */
async function takeLock(pool: Queries, timeoutMs: number): Promise<boolean> {
  for (const end = performance.now() + timeoutMs; ; await delay(LOOK_MS)) {
    const { rows } = await pool.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [BUILD_LOCK]);
    if (rows[0]?.taken) return true;
    if (performance.now() > end) return false;
  }
}

async function build(
  pool: Queries,
  schema: string,
  index: ConcurrentIndex,
  constraintTimeoutMs: number,
): Promise<void> {
  const { name, on, replaces, isUnique } = index;
  await pool.query(`drop index concurrently if exists ${schema}.${name}`);
  await pool.query(`create ${isUnique ? "unique " : ""}index concurrently ${name} on ${on}`);
  if (replaces === undefined) return;
  const { rows } = await pool.query<{ table: string }>(
    `select c.conrelid::regclass::text as "table" from pg_constraint c
     where c.connamespace = (select oid from pg_namespace where nspname = $1) and c.conname = $2`,
    [schema, replaces],
  );
  const [constraint] = rows;
  if (constraint)
    await dropConstraint(pool, { table: constraint.table, name: replaces, timeoutMs: constraintTimeoutMs });
  else await pool.query(`drop index concurrently if exists ${schema}.${replaces}`);
}

/** Drops a constraint, which locks its table for a moment. Writers wait behind the wait for this lock, so it is short. */
async function dropConstraint(
  pool: Queries,
  { table, name, timeoutMs }: { readonly table: string; readonly name: string; readonly timeoutMs: number },
): Promise<void> {
  const { rows } = await pool.query<{ timeout: string }>("select current_setting('lock_timeout') as timeout");
  await pool.query(`set lock_timeout = ${timeoutMs}`);
  try {
    await pool.query(`alter table ${table} drop constraint if exists ${name}`);
  } finally {
    await pool.query("select set_config('lock_timeout', $1, false)", [rows[0]?.timeout ?? "0"]);
  }
}
