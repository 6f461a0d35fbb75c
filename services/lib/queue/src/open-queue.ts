import { setTimeout as delay } from "node:timers/promises";
import { addressForMessages, StorageError, shortCause } from "@bellwether/files/storage-error";
import { libpqUrl } from "@bellwether/postgres/pool/libpq-url";
import { assertWritable } from "@bellwether/postgres/watch/watch-postgres";
import {
  type BackendFactory,
  createPostgresBackend,
  createRedisBackend,
  DEFAULT_SCHEMA,
  type IQueueBackend,
  type Processor,
  quoteSchemaName,
  runMigrations,
  type WorkerOptions,
  withBackend,
} from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { moveOldQueue } from "./move-old-queue.ts";
import { createQueueTelemetry } from "./queue-telemetry.ts";
import { probeWrite, QUEUE_PREFIX } from "./redis-write-probe.ts";

/**
 * Where the jobs are stored. On Postgres each queue has its own small pool, because BullMQ sets the pool's
 * search path.
 */
type Store = { readonly redis: Redis } | PoolSettings;

/** This is a type and not an interface, because BullMQ requires an index signature. */
type PoolSettings = {
  readonly connectionString: string;
  readonly max: number;
  /** Time limits of node-postgres, in milliseconds. */
  readonly connectionTimeoutMillis?: number;
  readonly query_timeout?: number;
  /** Sets what holds for all statements of a connection. */
  readonly onConnect: (connection: pg.ClientBase) => Promise<unknown>;
};

/**
 * The stores of workers and of queues. Workers wait until an unavailable store answers again. Queues answer
 * their callers within seconds and do not send the command later.
 */
interface Stores {
  readonly workers: Store;
  readonly queues: Store;
  /** Ends both connections at once. */
  disconnect(): void;
}

/**
 * The store is an ordinary option of every queue. The backend is chosen where a queue is created, so both
 * have the same types.
 */
const eitherBackend: BackendFactory<IQueueBackend, Store> = (name, { connection, ...rest }, options) =>
  "redis" in connection
    ? createRedisBackend(name, { ...rest, connection: connection.redis }, options)
    : createPostgresBackend(name, { ...rest, connection }, options);

const bull = withBackend(eitherBackend);

export type JobQueue<D, R> = InstanceType<typeof bull.Queue<D, R, string>>;
export type JobWorker<D, R> = InstanceType<typeof bull.Worker<D, R, string>>;

/** BullMQ queues on Redis or on Postgres, with the same interface for both. */
export interface Queues extends AsyncDisposable {
  readonly kind: "redis" | "postgres";
  queue<D, R>(name: string): JobQueue<D, R>;
  worker<D, R>(
    name: string,
    process: Processor<D, R>,
    options?: Omit<WorkerOptions<Store>, "connection" | "telemetry">,
  ): JobWorker<D, R>;
  /**
   * Closes workers first, then queues and connections. A running job has 5 s to end. A store that does not
   * answer does not delay closing.
   */
  close(): Promise<void>;
}

export interface QueueOptions {
  /**
   * Names of queues whose keys an earlier release stored in Redis without a hash tag: their keys are renamed.
   */
  readonly queues?: readonly string[];
}

const CONNECT_TIMEOUT_MS = 10_000;
const POOL_SIZE = 4;
/** BullMQ sends commands to its store on close, and waits without limit for a store that does not answer. */
const CLOSE_TIMEOUT_MS = 5_000;
/** A queue's command fails when it has no answer after this time; the store may still carry it out. */
const COMMAND_TIMEOUT_MS = 4_000;
/**
 * BullMQ sets the search path with a parameter of the start of a connection. PgBouncer does not pass it on, so a statement
 * sets it again.
 */
const SET_SCHEMA = `set search_path = ${quoteSchemaName(DEFAULT_SCHEMA)}`;

/**
 * Opens BullMQ on the store of `url`: redis:, rediss:, postgres: or postgresql:. On Postgres, BullMQ's own
 * tables (schema "bullmq") are migrated. A job carries the trace context of the caller that added it. While
 * the store is unavailable, a queue's call fails within seconds, and the failed command is not sent later.
 * @throws StorageError with a one-line message when the store does not answer or rejects writes
 */
export async function openQueue(url: string, options: QueueOptions = {}): Promise<Queues> {
  const isRedis = /^rediss?:/.test(url);
  const stores = isRedis ? await openRedis(url, options.queues ?? []) : await preparePostgres(url);
  const shared = { telemetry: createQueueTelemetry(), ...(isRedis && { prefix: QUEUE_PREFIX }) };
  const base = { ...shared, connection: stores.queues };
  const workers: (() => Promise<void>)[] = [];
  const others: (() => Promise<void>)[] = [];
  // BullMQ reconnects by itself. Without a listener, an "error" event would end the process.
  const ignore = (): void => {};

  const closeAll = async (): Promise<void> => {
    for (const group of [workers, others]) await Promise.all(group.splice(0).map((closeOne) => closeOne()));
  };
  const close = async (): Promise<void> => {
    await Promise.race([closeAll(), delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    stores.disconnect();
  };
  return {
    kind: isRedis ? "redis" : "postgres",
    queue<D, R>(name: string) {
      const queue: JobQueue<D, R> = new bull.Queue<D, R, string>(name, base);
      queue.on("error", ignore);
      others.push(() => queue.close());
      return queue;
    },
    worker<D, R>(name: string, process: Processor<D, R>, options?: Omit<WorkerOptions<Store>, keyof typeof base>) {
      const worker: JobWorker<D, R> = new bull.Worker<D, R, string>(name, process, {
        ...options,
        ...shared,
        connection: stores.workers,
      });
      worker.on("error", ignore);
      workers.push(() => worker.close());
      return worker;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function openRedis(url: string, names: readonly string[]): Promise<Stores> {
  const settings = {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // A primary that became a replica keeps its connections open. A new connection finds the new primary.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  };
  // Workers use blocking commands: BullMQ requires that a command waits for a reconnection instead of
  // failing.
  const workers = new Redis(url, { ...settings, maxRetriesPerRequest: null });
  const queues = new Redis(url, {
    ...settings,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
  const disconnect = (): void => {
    workers.disconnect();
    queues.disconnect();
  };
  let reason: unknown;
  for (const redis of [workers, queues])
    redis.on("error", (error) => {
      reason = error;
    });
  try {
    await workers.connect();
    await queues.connect();
    await probeWrite(workers);
    for (const name of names) await moveOldQueue(workers, name);
    return { workers: { redis: workers }, queues: { redis: queues }, disconnect };
  } catch (cause) {
    disconnect();
    const message = shortCause(reason ?? cause);
    throw new StorageError(
      `Redis at ${addressForMessages(url)} cannot be used: ${message}. Start it, or correct REDIS_URL`,
      {
        cause,
      },
    );
  }
}

async function preparePostgres(url: string): Promise<Stores> {
  const connectionString = libpqUrl(url);
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on("error", () => {});
  try {
    await client.connect();
    await assertWritable(client);
    await runMigrations(client);
    const pool = { connectionString, max: POOL_SIZE };
    const limits = { connectionTimeoutMillis: COMMAND_TIMEOUT_MS, query_timeout: COMMAND_TIMEOUT_MS };
    return {
      workers: { ...pool, onConnect: (connection) => connection.query(SET_SCHEMA) },
      queues: {
        ...{ ...pool, ...limits },
        onConnect: (connection) => connection.query(`${SET_SCHEMA}; set statement_timeout = ${COMMAND_TIMEOUT_MS}`),
      },
      disconnect: () => {},
    };
  } catch (cause) {
    throw new StorageError(
      `PostgreSQL at ${addressForMessages(url)} cannot hold the queues: ${shortCause(cause)}. Start it, or correct DATABASE_URL`,
      { cause },
    );
  } finally {
    await client.end().catch(() => {});
  }
}
