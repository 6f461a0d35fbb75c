import { setTimeout as delay } from "node:timers/promises";
import { addressForMessages, StorageError, shortCause } from "@bellwether/files/storage-error";
import type { ClientConfig } from "pg";
import { libpqUrl } from "./libpq-url.ts";
import { PostgresPool } from "./postgres-pool.ts";
import { createPreparedStatements } from "./prepared-statements.ts";

export interface PostgresOptions {
  /** Maximum number of connections. Default 10. */
  readonly max?: number;
  /**
   * Maximum number of calls that wait for a connection; further calls get a PoolFullError at once. Undefined:
   * no limit.
   */
  readonly maxWaiting?: number;
  /** Time after which a connection that nobody uses is closed. Left out: it stays open. */
  readonly idleTimeoutMs?: number;
  /** Name in pg_stat_activity. */
  readonly applicationName?: string;
  /** The server ends a statement that takes longer, waiting for locks included. Left out: no limit. */
  readonly statementTimeoutMs?: number;
  /** The server ends a statement that waits longer for one lock: see `lockError`. Left out: no limit. */
  readonly lockTimeoutMs?: number;
  /**
   * A server that has not answered a query after this time counts as lost. Default: `statementTimeoutMs` plus
   * 5 s; without `statementTimeoutMs`, no limit.
   */
  readonly answerTimeoutMs?: number;
  /**
   * Maximum number of processes that the server starts to help with one statement. 0 for statements of a few
   * milliseconds: starting a process takes longer than it saves. Left out: the server's setting.
   */
  readonly maxParallelWorkers?: number;
  /**
   * Whether the server parses statements that a connection runs again and again only once. For pools of short statements
   * outside of transactions; behind PgBouncer only in session mode. Default false.
   */
  readonly preparesStatements?: boolean;
}

/** Maximum time to wait for a connection, including the wait in the pool's queue. */
const CONNECT_TIMEOUT_MS = 10_000;
/**
 * Idle time after which TCP keep-alive begins. Together with Node's ten probes, one per second, it detects
 * within 20 s that the network has dropped an idle connection.
 */
const KEEP_ALIVE_MS = 10_000;
/**
 * Time after the statement timeout by which a working server has ended a statement that takes too long, and
 * has reported it.
 */
const ANSWER_MARGIN_MS = 5_000;
/**
 * Time after which the server ends a transaction whose process hangs, so that its locks do not stay much
 * longer.
 */
const IDLE_IN_TRANSACTION_MS = 60_000;
/** Time after which a connection with prepared statements is closed, so that those of old tables do not stay. */
const PREPARED_LIFETIME_S = 3_600;
const STARTING_PAUSE_MS = 50;
/** SQLSTATE of a server that is starting up. */
const CANNOT_CONNECT_NOW = "57P03";

/** Returns the configuration of one node-postgres connection, without the limits that the server enforces. */
export function connectionConfig(
  url: string,
  options: Pick<PostgresOptions, "applicationName" | "statementTimeoutMs" | "answerTimeoutMs">,
): ClientConfig {
  const { applicationName, statementTimeoutMs } = options;
  const answerTimeoutMs =
    options.answerTimeoutMs ?? (statementTimeoutMs === undefined ? undefined : statementTimeoutMs + ANSWER_MARGIN_MS);
  return {
    connectionString: libpqUrl(url),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    ...(applicationName !== undefined && { application_name: applicationName }),
    ...(answerTimeoutMs !== undefined && { query_timeout: answerTimeoutMs }),
  };
}

/** Creates a pool that connects at the first query, and reconnects whenever the server was unavailable. */
export function connectPostgres(
  url: string,
  {
    max = 10,
    maxWaiting,
    idleTimeoutMs = 0,
    maxParallelWorkers,
    preparesStatements = false,
    ...options
  }: PostgresOptions = {},
): PostgresPool {
  const { statementTimeoutMs, lockTimeoutMs } = options;
  const settings = {
    ...(statementTimeoutMs !== undefined && {
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    }),
    ...(lockTimeoutMs !== undefined && { lock_timeout: lockTimeoutMs }),
    ...(maxParallelWorkers !== undefined && { max_parallel_workers_per_gather: maxParallelWorkers }),
  };
  // For calls, an idle connection stays open: opening one costs the server more than keeping it.
  const config = { ...connectionConfig(url, options), max, idleTimeoutMillis: idleTimeoutMs };
  if (!preparesStatements) return new PostgresPool(config, settings, maxWaiting);
  const limited = { ...config, maxLifetimeSeconds: PREPARED_LIFETIME_S };
  return new PostgresPool(limited, settings, maxWaiting, createPreparedStatements());
}

/**
 * Opens a connection pool with a span per query, and verifies that the server answers.
 * @throws StorageError with a one-line message when it does not
 */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<PostgresPool> {
  const pool = connectPostgres(url, options);
  try {
    await untilStarted(() => pool.query("select 1"));
    return pool;
  } catch (cause) {
    await pool.close();
    throw new StorageError(
      `PostgreSQL at ${addressForMessages(url)} cannot be used: ${shortCause(cause)}. Start it, or correct DATABASE_URL`,
      { cause },
    );
  }
}

/**
 * Retries while the server reports that it is starting, as an adopted server does, or one that recovers from
 * a crash.
 */
async function untilStarted(ask: () => PromiseLike<unknown>): Promise<void> {
  for (const deadline = Date.now() + CONNECT_TIMEOUT_MS; ; await delay(STARTING_PAUSE_MS)) {
    try {
      await ask();
      return;
    } catch (error) {
      const isStarting = error instanceof Error && "code" in error && error.code === CANNOT_CONNECT_NOW;
      if (!isStarting || Date.now() > deadline) throw error;
    }
  }
}
