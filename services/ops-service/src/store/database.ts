import { fileURLToPath } from "node:url";
import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { migrateDatabase } from "@bellwether/postgres/drizzle/migrate";
import {
  type NotificationConnection,
  type NotificationListener,
  openNotifications,
} from "@bellwether/postgres/pool/open-notifications";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { inTransaction } from "@bellwether/postgres/pool/transaction";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { Pool, PoolClient } from "pg";

/** drizzle on a pool or within a transaction. Its own `transaction` loses a connection of the pool whenever one breaks at "begin". */
export type Db = Omit<NodePgDatabase, "transaction">;

/** What happens in it is stored as a whole, or not at all. */
export interface Transaction {
  readonly db: Db;
  /** For COPY, which drizzle has not. */
  readonly connection: PoolClient;
}

/** Runs work in a transaction of its own. @throws what the work throws */
export type InTransaction = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

/** Connections of one purpose. */
export interface Store {
  readonly db: Db;
  readonly inTransaction: InTransaction;
}

/** The service's database. */
export interface Database extends Store {
  /** For what a weekly run writes, which may take long. */
  readonly runs: Store;
  /** Opens a connection that hears of changes. */
  listen(listener: NotificationListener): Promise<NotificationConnection>;
  close(): Promise<void>;
}

const MIGRATIONS = fileURLToPath(new URL("../../migrations", import.meta.url));
const CLOSE_TIMEOUT_MS = 5_000;
/** Default deadlines of calls are 2 s, and their queries take milliseconds. */
const STATEMENT_TIMEOUT_MS = 5_000;
/** Publishing 1,000,000 scores takes a second or two a statement; submitting a chunk has a deadline of 60 s, completing a run one of 600 s. */
const RUN_STATEMENT_TIMEOUT_MS = 120_000;
const MAX_RUN_CONNECTIONS = 4;
/** For ten connections, each held for milliseconds: who would wait longer is told at once to come back. */
const MAX_WAITING = 128;
/** Two chunks of each of some runs, and what reads of them. */
const MAX_RUNS_WAITING = 32;

/** Opens the database and brings its tables up to date. @throws StorageError in one line */
export async function openDatabase(url: string): Promise<Database> {
  await migrateDatabase(url, MIGRATIONS);
  const applicationName = "ops-service";
  const pool = await openPostgres(url, {
    applicationName,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    maxWaiting: MAX_WAITING,
  });
  const runs = await openPostgres(url, {
    max: MAX_RUN_CONNECTIONS,
    maxWaiting: MAX_RUNS_WAITING,
    applicationName: "ops-service-runs",
    statementTimeoutMs: RUN_STATEMENT_TIMEOUT_MS,
  }).catch(async (error) => {
    await pool.close();
    throw error;
  });
  return {
    ...storeOf(pool),
    runs: storeOf(runs),
    listen: (listener) => openNotifications(url, listener, { applicationName }),
    async close() {
      await Promise.all([pool, runs].map((each) => each.close(CLOSE_TIMEOUT_MS)));
    },
  };
}

function storeOf(pool: Pool): Store {
  return {
    db: drizzle(pool),
    inTransaction: (work) => inTransaction(pool, (connection) => work({ connection, db: drizzle(connection) })),
  };
}
