import { fileURLToPath } from "node:url";
import { buildIndexes, type MissingIndex } from "@bellwether/postgres/drizzle/build-indexes";
import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { migrateDatabase } from "@bellwether/postgres/drizzle/migrate";
import { prepareRole, type ServiceRights } from "@bellwether/postgres/drizzle/prepare-role";
import {
  type NotificationConnection,
  type NotificationListener,
  openNotifications,
} from "@bellwether/postgres/pool/open-notifications";
import { connectPostgres, openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { inTransaction } from "@bellwether/postgres/pool/transaction";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { Pool, PoolClient } from "pg";
import { CONCURRENT_INDEXES } from "./concurrent-indexes.ts";

/**
 * drizzle on a pool or in a transaction. `transaction` of drizzle is left out, because it leaks a connection
 * of the pool when the connection breaks at "begin".
 */
export type Db = Omit<NodePgDatabase, "transaction">;

/** A transaction: all its writes are stored, or none. */
export interface Transaction {
  readonly db: Db;
  /** The connection of the transaction, for COPY, which drizzle does not support. */
  readonly connection: PoolClient;
}

/** Runs `work` in a new transaction. @throws what `work` throws */
export type InTransaction = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

/** A connection pool, as drizzle and as transactions. */
export interface Store {
  readonly db: Db;
  readonly inTransaction: InTransaction;
}

/** The service's database. */
export interface Database extends Store {
  /** A separate pool for the writes of weekly runs, which can take long. */
  readonly runs: Store;
  /** A separate pool for what makes a run visible: publishing it, then the histories and search keys. */
  readonly publishing: Store;
  /** A separate pool for the actions of persons on alerts, which must not wait for other calls. */
  readonly triage: Store;
  /** A separate pool for the delivery of notices, which must not take connections from calls. */
  readonly notices: Store;
  /** A separate connection for the removal of old scores, which gives up instead of waiting long for a lock. */
  readonly retention: Store;
  /** Separate connections for the verification of the audit log, which reads all of it. */
  readonly audit: Store;
  /** Indexes that the start could not build: some lists are slower without them. */
  readonly missingIndexes: readonly MissingIndex[];
  /** Opens a connection that receives notifications of changes. */
  listen(listener: NotificationListener): Promise<NotificationConnection>;
  close(): Promise<void>;
}

const MIGRATIONS = fileURLToPath(new URL("../../migrations", import.meta.url));
const CLOSE_TIMEOUT_MS = 5_000;
/** Time limit of a statement: the default deadline of a call is 2 s, and its queries take milliseconds. */
const STATEMENT_TIMEOUT_MS = 5_000;
/**
 * Publishing 1,000,000 scores takes one or two seconds per statement. The deadline is 60 s for submitting a
 * chunk, 600 s for completing a run.
 */
const RUN_STATEMENT_TIMEOUT_MS = 120_000;
const MAX_RUN_CONNECTIONS = 4;
/** One to publish, one for the histories, one for the search keys. */
const MAX_PUBLISHING_CONNECTIONS = 3;
/** The server process of a connection keeps the memory of all that it has touched, so it ends soon after the work. */
const PUBLISHING_IDLE_MS = 1_000;
/**
 * Maximum number of calls that wait for one of ten connections, which each call uses for milliseconds.
 * Further calls are rejected at once, to be retried.
 */
const MAX_WAITING = 128;
/**
 * Maximum number of waiting calls of weekly runs: enough for two chunks of each of several runs, and the
 * reads of these runs.
 */
const MAX_RUNS_WAITING = 32;
/** More than the actions that run at the same time, so that some which wait for a locked alert do not stop the others. */
const MAX_TRIAGE_CONNECTIONS = 8;
/** Time that an action waits for a row which another transaction has locked: less than the default deadline of a call, 2 s. */
const TRIAGE_LOCK_TIMEOUT_MS = 1_500;

/** Time that the removal of old scores waits for a lock, or for readers that began before it. The next pass tries again. */
const RETENTION_LOCK_TIMEOUT_MS = 5_000;

/** One for the relay, the others for the attempts that begin or end at the same time. */
const MAX_NOTICE_CONNECTIONS = 4;
/** The relay writes ten thousand items in a second or two. */
const NOTICE_STATEMENT_TIMEOUT_MS = 30_000;

/** One for the whole log, one for new records. */
const MAX_AUDIT_CONNECTIONS = 2;

/** The role of the service owns all tables except those of the audit log: it can read and append, and erase payloads. */
const RIGHTS: ServiceRights = {
  schema: "bellwether",
  kept: "audit_",
  grants: [
    "select, insert, update (payload, salt) on bellwether.audit_event",
    "select, update on bellwether.audit_head",
    "select, insert on bellwether.audit_checkpoint",
    "select, insert, update on bellwether.audit_producer",
  ],
};

/** Extensions that the tables use: pg_trgm finds parts of names and similar names. */
const EXTENSIONS = ["pg_trgm"];

/**
 * Opens the database and migrates its tables.
 * @param ownerUrl URL of the role that owns the tables and migrates them. Default: the role of `url`, which can then also
 *   rewrite the audit log
 * @throws StorageError with a one-line message
 */
export async function openDatabase(url: string, ownerUrl = url): Promise<Database> {
  await migrateDatabase(ownerUrl, MIGRATIONS, { extensions: EXTENSIONS });
  if (ownerUrl !== url) await prepareRole(ownerUrl, url, RIGHTS);
  const applicationName = "ops-service";
  const pool = await openPostgres(url, {
    applicationName,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    maxWaiting: MAX_WAITING,
    maxParallelWorkers: 0,
    preparesStatements: true,
  });
  const missingIndexes = await buildIndexes(pool, url, CONCURRENT_INDEXES, { schema: "bellwether" });
  // Pools that connect at their first query: the server has just answered the first pool.
  const runs = connectPostgres(url, {
    max: MAX_RUN_CONNECTIONS,
    maxWaiting: MAX_RUNS_WAITING,
    applicationName: "ops-service-runs",
    statementTimeoutMs: RUN_STATEMENT_TIMEOUT_MS,
  });
  const publishing = connectPostgres(url, {
    max: MAX_PUBLISHING_CONNECTIONS,
    maxWaiting: MAX_RUNS_WAITING,
    idleTimeoutMs: PUBLISHING_IDLE_MS,
    applicationName: "ops-service-publishing",
    statementTimeoutMs: RUN_STATEMENT_TIMEOUT_MS,
  });
  const triage = connectPostgres(url, {
    max: MAX_TRIAGE_CONNECTIONS,
    maxWaiting: MAX_WAITING,
    applicationName: "ops-service-triage",
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    lockTimeoutMs: TRIAGE_LOCK_TIMEOUT_MS,
    preparesStatements: true,
  });
  const notices = connectPostgres(url, {
    max: MAX_NOTICE_CONNECTIONS,
    applicationName: "ops-service-notices",
    statementTimeoutMs: NOTICE_STATEMENT_TIMEOUT_MS,
  });
  const retention = connectPostgres(url, {
    max: 1,
    applicationName: "ops-service-retention",
    statementTimeoutMs: RUN_STATEMENT_TIMEOUT_MS,
    lockTimeoutMs: RETENTION_LOCK_TIMEOUT_MS,
  });
  const audit = connectPostgres(url, {
    max: MAX_AUDIT_CONNECTIONS,
    idleTimeoutMs: PUBLISHING_IDLE_MS,
    applicationName: "ops-service-audit",
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    maxParallelWorkers: 0,
  });
  return {
    ...storeOf(pool),
    runs: storeOf(runs),
    publishing: storeOf(publishing),
    triage: storeOf(triage),
    notices: storeOf(notices),
    retention: storeOf(retention),
    audit: storeOf(audit),
    missingIndexes,
    listen: (listener) => openNotifications(url, listener, { applicationName }),
    async close() {
      const pools = [pool, runs, publishing, triage, notices, retention, audit];
      await Promise.all(pools.map((each) => each.close(CLOSE_TIMEOUT_MS)));
    },
  };
}

function storeOf(pool: Pool): Store {
  return {
    db: drizzle(pool),
    inTransaction: (work) => inTransaction(pool, (connection) => work({ connection, db: drizzle(connection) })),
  };
}
