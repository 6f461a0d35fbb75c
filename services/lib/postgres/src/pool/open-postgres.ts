import { setTimeout as delay } from "node:timers/promises";
import { StorageError, shortCause, shownAddress } from "@bellwether/files/storage-error";
import type { ClientConfig } from "pg";
import { libpqUrl } from "./libpq-url.ts";
import { PostgresPool } from "./postgres-pool.ts";

export interface PostgresOptions {
  /** Connections at most. Default 10. */
  readonly max?: number;
  /** How many may wait for a connection; more get a PoolFullError at once. Left out: any number. */
  readonly maxWaiting?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** The server ends a statement that takes longer, waiting for locks included. Left out: it does not. */
  readonly statementTimeoutMs?: number;
  /** A server that has not answered a query by then is gone. Default: `statementTimeoutMs` and 5 s, or never without. */
  readonly silenceMs?: number;
}

/** For a connection, a turn in the pool included. */
const CONNECT_TIMEOUT_MS = 10_000;
/** An idle connection that a network has forgotten is found out within 20 s: Node gives up after ten probes, one a second. */
const KEEP_ALIVE_MS = 10_000;
/** A server that lives has ended a statement that takes too long, and has said so, by then. */
const ANSWER_MARGIN_MS = 5_000;
/** Of a process that hangs in the middle of a transaction: its locks must not outlast it for long. */
const IDLE_IN_TRANSACTION_MS = 60_000;
const STARTING_PAUSE_MS = 50;
/** SQLSTATE of a server that is starting up. */
const CANNOT_CONNECT_NOW = "57P03";

/** What node-postgres must know of one connection. */
export function connectionConfig(url: string, options: Omit<PostgresOptions, "max" | "maxWaiting">): ClientConfig {
  const { applicationName, statementTimeoutMs } = options;
  const limits = statementTimeoutMs !== undefined && {
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  };
  const silenceMs =
    options.silenceMs ?? (statementTimeoutMs === undefined ? undefined : statementTimeoutMs + ANSWER_MARGIN_MS);
  return {
    connectionString: libpqUrl(url),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    ...(applicationName !== undefined && { application_name: applicationName }),
    ...limits,
    ...(silenceMs !== undefined && { query_timeout: silenceMs }),
  };
}

/** Makes a pool of connections that connects when it is first asked, and again whenever the server was away. */
export function connectPostgres(url: string, { max = 10, maxWaiting, ...options }: PostgresOptions = {}): PostgresPool {
  // An idle connection stays: to make one costs the server more than to keep it.
  return new PostgresPool({ ...connectionConfig(url, options), max, idleTimeoutMillis: 0 }, maxWaiting);
}

/**
 * Opens a pool of connections, with a span per query, and proves that the server answers.
 * @throws StorageError in one line when it does not
 */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<PostgresPool> {
  const pool = connectPostgres(url, options);
  try {
    await untilStarted(() => pool.query("select 1"));
    return pool;
  } catch (cause) {
    await pool.close();
    throw new StorageError(
      `PostgreSQL at ${shownAddress(url)} cannot be used: ${shortCause(cause)}. Start it, or correct DATABASE_URL`,
      { cause },
    );
  }
}

/** Asks again while the server says that it is starting, as one does that was adopted early or recovers from a crash. */
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
