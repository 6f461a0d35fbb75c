import { setTimeout as delay } from "node:timers/promises";
import {
  type BackendFactory,
  createPostgresBackend,
  createRedisBackend,
  type IQueueBackend,
  type Processor,
  runMigrations,
  type WorkerOptions,
  withBackend,
} from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { libpqUrl } from "./libpq-url.ts";
import { createQueueTelemetry } from "./queue-telemetry.ts";
import { StorageError, shortCause, shownAddress } from "./storage-error.ts";

/** Where the jobs are kept. On Postgres each queue has a small pool of its own, as BullMQ sets the pool's search path. */
type Store = { readonly redis: Redis } | { readonly connectionString: string; readonly max: number };

/** The store is a plain option of every queue: the backend is chosen where a queue is made, so the types stay one. */
const eitherBackend: BackendFactory<IQueueBackend, Store> = (name, { connection, ...rest }, options) =>
  "redis" in connection
    ? createRedisBackend(name, { ...rest, connection: connection.redis }, options)
    : createPostgresBackend(name, { ...rest, connection }, options);

const bull = withBackend(eitherBackend);

export type JobQueue<D, R> = InstanceType<typeof bull.Queue<D, R, string>>;
export type JobWorker<D, R> = InstanceType<typeof bull.Worker<D, R, string>>;
export type JobEvents<R> = InstanceType<typeof bull.QueueEvents<R>>;
export type JobFlows = InstanceType<typeof bull.FlowProducer>;

/** BullMQ queues on Redis or on Postgres; nobody who uses them can tell which. */
export interface Queues extends AsyncDisposable {
  readonly kind: "redis" | "postgres";
  queue<D, R>(name: string): JobQueue<D, R>;
  worker<D, R>(
    name: string,
    process: Processor<D, R>,
    options?: Omit<WorkerOptions<Store>, "connection" | "telemetry">,
  ): JobWorker<D, R>;
  /** Streams what happens to a queue's jobs. */
  events<R>(name: string): JobEvents<R>;
  /** Adds trees of jobs: a parent runs when its children are done. */
  flows(): JobFlows;
  /** Closes what was opened here, workers first: a job in progress may end, within 5 s; a store that does not answer is not waited for. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const POOL_SIZE = 4;
/** BullMQ takes leave of its store, and waits for one that is silent for as long as that is. */
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * Opens BullMQ on the store of `url`: redis:, rediss:, postgres: or postgresql:. On Postgres BullMQ's own tables (schema
 * "bullmq") are brought up to date. A job carries the trace of whoever added it.
 * @throws StorageError in one line when the store does not answer
 */
export async function openQueue(url: string): Promise<Queues> {
  const connection = /^rediss?:/.test(url) ? await openRedis(url) : await preparePostgres(url);
  const base = { connection, telemetry: createQueueTelemetry() };
  const workers: (() => Promise<void>)[] = [];
  const others: (() => Promise<void>)[] = [];
  // BullMQ connects again by itself; an "error" event without a listener would end the process.
  const ignore = (): void => {};

  const closeAll = async (): Promise<void> => {
    for (const group of [workers, others]) await Promise.all(group.splice(0).map((closeOne) => closeOne()));
  };
  const close = async (): Promise<void> => {
    await Promise.race([closeAll(), delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    if ("redis" in connection) connection.redis.disconnect();
  };
  return {
    kind: "redis" in connection ? "redis" : "postgres",
    queue<D, R>(name: string) {
      const queue: JobQueue<D, R> = new bull.Queue<D, R, string>(name, base);
      queue.on("error", ignore);
      others.push(() => queue.close());
      return queue;
    },
    worker<D, R>(name: string, process: Processor<D, R>, options?: Omit<WorkerOptions<Store>, keyof typeof base>) {
      const worker: JobWorker<D, R> = new bull.Worker<D, R, string>(name, process, { ...options, ...base });
      worker.on("error", ignore);
      workers.push(() => worker.close());
      return worker;
    },
    events<R>(name: string) {
      const events: JobEvents<R> = new bull.QueueEvents<R>(name, base);
      events.on("error", ignore);
      others.push(() => events.close());
      return events;
    },
    flows() {
      const flows: JobFlows = new bull.FlowProducer(base);
      flows.on("error", ignore);
      others.push(() => flows.close());
      return flows;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function openRedis(url: string): Promise<Store> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // Workers block on Redis: BullMQ demands that a command waits for a reconnection instead of failing.
    maxRetriesPerRequest: null,
  });
  let reason: unknown;
  redis.on("error", (error) => {
    reason = error;
  });
  try {
    await redis.connect();
    await redis.ping();
    return { redis };
  } catch (cause) {
    redis.disconnect();
    const said = shortCause(reason ?? cause);
    throw new StorageError(`Redis at ${shownAddress(url)} cannot be used: ${said}. Start it, or correct REDIS_URL`, {
      cause,
    });
  }
}

async function preparePostgres(url: string): Promise<Store> {
  const connectionString = libpqUrl(url);
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on("error", () => {});
  try {
    await client.connect();
    await runMigrations(client);
    return { connectionString, max: POOL_SIZE };
  } catch (cause) {
    throw new StorageError(
      `PostgreSQL at ${shownAddress(url)} cannot hold the queues: ${shortCause(cause)}. Start it, or correct DATABASE_URL`,
      { cause },
    );
  } finally {
    await client.end().catch(() => {});
  }
}
