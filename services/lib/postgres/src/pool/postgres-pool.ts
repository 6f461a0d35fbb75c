import { once } from "node:events";
import net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { currentSignal } from "@bellwether/telemetry/lazy-context";
import { withSqlSpans } from "@bellwether/telemetry/postgres-spans";
import pg from "pg";
import type { PreparedStatements } from "./prepared-statements.ts";
import { transientError } from "./transient-error.ts";

/** Time in which the users of cut connections must release them; after that close() does not wait. */
const CUT_GRACE_MS = 500;

/** The pool's queue is full: more calls wait for a connection than can be served in time. */
export class PoolFullError extends Error {
  override readonly name = "PoolFullError" as const;

  constructor(waiting: number) {
    super(`${waiting} calls already wait for a database connection`);
  }
}

/**
 * Settings of each connection by their names in PostgreSQL, numbers in their default units. They are set by a statement:
 * PgBouncer does not pass on parameters of the start of a connection.
 */
export type SessionSettings = Readonly<Record<string, number>>;

/**
 * node-postgres's pool with a span per query and with three differences: a broken connection does not end the
 * process, a rejected query does not close its connection, and closing has a time limit.
 */
export class PostgresPool extends pg.Pool {
  readonly #sockets: ReadonlySet<net.Socket>;
  readonly #config: pg.ClientConfig;
  /** Ids of the server processes of connections. Behind PgBouncer, `processID` of node-postgres is not the one of the server. */
  readonly #serverProcesses: Pick<WeakMap<pg.ClientBase, number>, "get">;
  readonly #statements: PreparedStatements | undefined;

  /**
   * @param maxWaiting Maximum number of calls that wait for a connection; the next one gets a PoolFullError at once.
   * @param statements Prepared statements, for queries outside of transactions. Undefined: the server parses each query.
   */
  constructor(
    config: Omit<pg.PoolConfig, "stream" | "onConnect">,
    settings: SessionSettings,
    maxWaiting = Number.POSITIVE_INFINITY,
    statements?: PreparedStatements,
  ) {
    const sockets = new Set<net.Socket>();
    const serverProcesses = new WeakMap<pg.ClientBase, number>();
    const onConnect = async (connection: pg.ClientBase): Promise<void> => {
      serverProcesses.set(connection, await prepareSession(connection, settings));
    };
    super({ ...config, onConnect, stream: () => trackedSocket(sockets) });
    this.#sockets = sockets;
    this.#config = config;
    this.#statements = statements;
    this.#serverProcesses = serverProcesses;
    // A query on a broken connection rejects by itself. Without a listener, the "error" event would end the
    // process.
    this.on("error", () => {});
    this.on("connect", (connection) => {
      withSqlSpans(connection.on("error", () => {}));
    });
    const connect = this.connect.bind(this) as () => Promise<pg.PoolClient>;
    const connectUnlessFull = async (): Promise<pg.PoolClient> => {
      if (this.waitingCount >= maxWaiting) throw new PoolFullError(this.waitingCount);
      const signal = currentSignal();
      signal?.throwIfAborted();
      const connection = await connect();
      if (signal?.aborted) {
        // The call was aborted while it waited: the connection goes to a call that still needs it.
        connection.release();
        throw signal.reason;
      }
      return connection;
    };
    this.connect = connectUnlessFull as pg.Pool["connect"];
    this.query = ((...args: Parameters<pg.Pool["query"]>) => this.#ask(args)) as pg.Pool["query"];
  }

  /** Closes the pool: waits up to `graceMs` for queries that were started, then cuts the other connections. */
  async close(graceMs = 0): Promise<void> {
    const late = AbortSignal.timeout(graceMs);
    // pg's end() would drop the calls that wait for a connection.
    while (this.waitingCount > 0 && !late.aborted) await once(this, "release", { signal: late }).catch(() => {});
    const ended = this.end();
    await Promise.race([ended, whenAborted(late)]);
    for (const socket of this.#sockets) socket.destroy();
    await Promise.race([ended, delay(CUT_GRACE_MS, undefined, { ref: false })]);
  }

  /**
   * Cancels the query of a connection whose caller no longer waits, over a separate connection. Never
   * rejects.
   */
  async #cancel(connection: pg.PoolClient): Promise<void> {
    const processId = this.#serverProcesses.get(connection);
    if (processId === undefined) return;
    const client = new pg.Client(this.#config).on("error", () => {});
    try {
      await client.connect();
      await client.query("select pg_cancel_backend($1)", [processId]);
    } catch {
      // The server does not answer: the query's own time limit ends it.
    } finally {
      await client.end().catch(() => {});
    }
  }

  async #query(connection: pg.PoolClient, args: Parameters<pg.Pool["query"]>): Promise<unknown> {
    const [query, ...values] = args;
    const named = this.#statements?.named(connection, query) ?? query;
    try {
      return await connection.query(...([named, ...values] as typeof args));
    } catch (error) {
      if (named === query || !this.#statements?.isStale(connection, query, error)) throw error;
      return await connection.query(...args);
    }
  }

  async #ask(args: Parameters<pg.Pool["query"]>): Promise<unknown> {
    const connection = await this.connect();
    const signal = currentSignal();
    let canceled: Promise<void> | undefined;
    const cancel = (): void => {
      canceled = this.#cancel(connection);
    };
    signal?.addEventListener("abort", cancel, { once: true });
    // Waits until the cancel request has been handled, so that it cancels this query and not the next one on
    // the connection.
    const settle = async (): Promise<void> => {
      signal?.removeEventListener("abort", cancel);
      await canceled;
    };
    try {
      const result = await this.#query(connection, args);
      await settle();
      connection.release();
      return result;
    } catch (error) {
      await settle();
      connection.release(!(error instanceof pg.DatabaseError) || transientError(error) !== undefined);
      throw error;
    }
  }
}

/** Sets what holds for all statements of a connection. Returns the id of its process of the server. */
async function prepareSession(connection: pg.ClientBase, settings: SessionSettings): Promise<number> {
  const set = Object.entries(settings).map(
    ([name, value]) => `, set_config(${pg.escapeLiteral(name)}, '${Math.trunc(value)}', false)`,
  );
  const { rows } = await connection.query<{ pid: number }>(`select pg_backend_pid() as pid${set.join("")}`);
  const [session] = rows;
  if (!session) throw new Error("PostgreSQL did not return the id of its process");
  return session.pid;
}

function whenAborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, "abort");
}

function trackedSocket(sockets: Set<net.Socket>): net.Socket {
  const socket = new net.Socket();
  sockets.add(socket);
  return socket.once("close", () => sockets.delete(socket));
}
