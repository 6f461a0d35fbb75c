import type net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { withSqlSpans } from "@bellwether/telemetry/postgres-spans";
import postgres, { type Sql } from "postgres";
import { ARRAY_TYPES } from "./array-types.ts";
import { encryptionOf } from "./encrypt-socket.ts";
import { openSteadySocket } from "./steady-socket.ts";
import { StorageError, shortCause, shownAddress } from "./storage-error.ts";

export interface PostgresOptions {
  /** Connections at most. Default 10. */
  readonly max?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** The server ends a statement that takes longer, waiting for locks included. Left out: it does not. */
  readonly statementTimeoutMs?: number;
  /** A server that owes an answer and is silent for so long is gone. Default: `statementTimeoutMs` and 5 s, or for ever without. */
  readonly silenceMs?: number;
}

const CONNECT_TIMEOUT_S = 10;
/** An idle connection that a network has forgotten is found out within 20 s: Node gives up after ten probes, one a second. */
const KEEP_ALIVE_S = 10;
/** A server that lives has ended a statement that takes too long, and has said so, by then. */
const ANSWER_MARGIN_MS = 5_000;
/** Of a process that hangs in the middle of a transaction: its locks must not outlast it for long. */
const IDLE_IN_TRANSACTION_MS = 60_000;
/** By default a query waits up to 20 s for its turn to connect once the server has been away, longer than any caller. */
const RECONNECT_PAUSE_S = 0.1;
const STARTING_PAUSE_MS = 50;
/** SQLSTATE of a server that is starting up. */
const CANNOT_CONNECT_NOW = "57P03";

/** Makes a pool of postgres.js connections that connects when it is first asked, and again whenever the server was away. */
export function connectPostgres(url: string, options: PostgresOptions = {}): Sql {
  const { max = 10, applicationName, statementTimeoutMs } = options;
  const limits = statementTimeoutMs !== undefined && {
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  };
  const silenceMs =
    options.silenceMs ?? (statementTimeoutMs === undefined ? undefined : statementTimeoutMs + ANSWER_MARGIN_MS);
  return postgres(url, {
    max,
    fetch_types: false,
    types: ARRAY_TYPES,
    connect_timeout: CONNECT_TIMEOUT_S,
    keep_alive: KEEP_ALIVE_S,
    backoff: () => RECONNECT_PAUSE_S,
    onnotice: () => {},
    connection: { ...limits, ...(applicationName !== undefined && { application_name: applicationName }) },
    ...ownSocket(url, silenceMs),
  });
}

/**
 * Opens a pool of postgres.js connections, with a span per query, and proves that the server answers.
 * @throws StorageError in one line when it does not
 */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<Sql> {
  const sql = connectPostgres(url, options);
  try {
    await untilStarted(() => sql`select 1`);
  } catch (cause) {
    await sql.end({ timeout: 0 });
    throw new StorageError(
      `PostgreSQL at ${shownAddress(url)} cannot be used: ${shortCause(cause)}. Start it, or correct DATABASE_URL`,
      { cause },
    );
  }
  return withSqlSpans(sql);
}

/** Asks again while the server says that it is starting, as one does that was adopted early or recovers from a crash. */
async function untilStarted(ask: () => PromiseLike<unknown>): Promise<void> {
  for (const deadline = Date.now() + CONNECT_TIMEOUT_S * 1000; ; await delay(STARTING_PAUSE_MS)) {
    try {
      await ask();
      return;
    } catch (error) {
      const isStarting = error instanceof Error && "code" in error && error.code === CANNOT_CONNECT_NOW;
      if (!isStarting || Date.now() > deadline) throw error;
    }
  }
}

/** A COPY would wait about 45 ms on each end for the other's acknowledgement (Nagle against delayed ACK). */
function ownSocket(url: string, answerMs: number | undefined): { socket?: () => Promise<net.Socket>; ssl?: false } {
  const parsed = new URL(url);
  const { hostname, port } = parsed;
  if (hostname === "") return {};
  const place = { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? 5432 : Number(port) };
  const address = { ...place, encryption: encryptionOf(parsed) };
  // The socket comes encrypted: postgres.js has nothing to add.
  const limits = { connectMs: CONNECT_TIMEOUT_S * 1000, ...(answerMs !== undefined && { answerMs }) };
  return { socket: () => openSteadySocket(address, limits), ssl: false };
}
