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
}

const CONNECT_TIMEOUT_S = 10;
/** By default a query waits up to 20 s for its turn to connect once the server has been away, longer than any caller. */
const RECONNECT_PAUSE_S = 0.1;
const STARTING_PAUSE_MS = 50;
/** SQLSTATE of a server that is starting up. */
const CANNOT_CONNECT_NOW = "57P03";

/** Makes a pool of postgres.js connections that connects when it is first asked, and again whenever the server was away. */
export function connectPostgres(url: string, { max = 10, applicationName }: PostgresOptions = {}): Sql {
  return postgres(url, {
    max,
    fetch_types: false,
    types: ARRAY_TYPES,
    connect_timeout: CONNECT_TIMEOUT_S,
    backoff: () => RECONNECT_PAUSE_S,
    onnotice: () => {},
    ...(applicationName !== undefined && { connection: { application_name: applicationName } }),
    ...ownSocket(url),
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
function ownSocket(url: string): { socket?: () => Promise<net.Socket>; ssl?: false } {
  const parsed = new URL(url);
  const { hostname, port } = parsed;
  if (hostname === "") return {};
  const place = { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? 5432 : Number(port) };
  const address = { ...place, encryption: encryptionOf(parsed) };
  // The socket comes encrypted: postgres.js has nothing to add.
  return { socket: () => openSteadySocket(address, CONNECT_TIMEOUT_S * 1000), ssl: false };
}
