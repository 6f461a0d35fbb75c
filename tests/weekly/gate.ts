import { setTimeout as delay } from "node:timers/promises";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";

/** A point in a transaction of ops-service at which the transaction waits until the test opens the gate. */
export interface Gate extends AsyncDisposable {
  /** Resolves when a transaction waits at the gate. */
  reached(): Promise<void>;
  /** Resolves when this number of transactions waits for a lock. The transaction at the gate counts as one. */
  waiting(transactions: number): Promise<void>;
  /** Cuts every connection between ops-service and its database. */
  cutConnections(): Promise<void>;
  /** Lets all transactions pass from now on. */
  open(): Promise<void>;
}

/**
 * Points at which a gate can be. Each is the SQL of a trigger on a write of ops-service; the trigger function
 * waits until the gate is opened.
 */
export const GATES = {
  /** The trigger fires in StartRun, before the run is in the ledger. */
  start: "before insert on bellwether.run for each row",
  /** The trigger fires before the write that moves the run to the stage "ingest": nothing was read. */
  ingest: "before update on bellwether.run for each row when (new.stage = 'ingest' and old.stage <> 'ingest')",
  /** The trigger fires before the write that moves the run to the stage "validate": the snapshot is written. */
  validate: "before update on bellwether.run for each row when (new.stage = 'validate' and old.stage <> 'validate')",
  /**
   * The trigger fires in SubmitChunk of the second chunk, after its scores are written and before its receipt
   * is written.
   */
  secondChunk: "before insert on bellwether.run_chunk for each row when (new.chunk = 1)",
  /** The trigger fires after the last chunk, before the write that moves the run to the stage "drift". */
  afterChunks: "before update on bellwether.run for each row when (new.stage = 'drift' and old.stage <> 'drift')",
  /** The trigger fires before the write that holds a run, for example because of too many rejected rows. */
  held: "before update on bellwether.run for each row when (new.state = 'held' and old.state <> 'held')",
  /**
   * The trigger fires in CompleteRun, after scores are published and alerts are raised, and before the write
   * that marks the run as complete.
   */
  complete: "before update on bellwether.run for each row when (new.state = 'complete' and old.state <> 'complete')",
} as const;

const LOCK = 1;
const LOOK_MS = 20;
const GIVE_UP_MS = 60_000;

/**
 * Creates the trigger of a gate in ops-service's database. Transactions wait at it until the gate is opened.
 */
export async function closeGate(databaseUrl: string, place: keyof typeof GATES): Promise<Gate> {
  const holder = await openPostgres(databaseUrl, { max: 1 });
  await holder.query(`
    select pg_advisory_lock(${LOCK});
    create function bellwether.wait_at_gate() returns trigger language plpgsql
      as $$ begin perform pg_advisory_xact_lock(${LOCK}); return new; end $$;
    create trigger gate ${GATES[place]} execute function bellwether.wait_at_gate();`);
  const count = async (which: string): Promise<number> => {
    const ungranted = `select from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database()`;
    return (await holder.query(`${ungranted} ${which}`)).rowCount ?? 0;
  };
  const open = async (): Promise<void> => {
    await holder.query(`select pg_advisory_unlock_all()`);
  };
  const until = async (transactions: number, which: string): Promise<void> => {
    for (const endMs = performance.now() + GIVE_UP_MS; ; await delay(LOOK_MS)) {
      const found = await count(which);
      if (found === transactions) return;
      if (performance.now() > endMs) throw new Error(`${found} transactions wait at ${place}, not ${transactions}`);
    }
  };
  return {
    reached: () => until(1, "and l.locktype = 'advisory'"),
    waiting: (transactions) => until(transactions, ""),
    async cutConnections() {
      await holder.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ops-service' and datname = current_database()`,
      );
    },
    open,
    async [Symbol.asyncDispose]() {
      await open();
      await holder.query("drop function bellwether.wait_at_gate cascade");
      await holder.close();
    },
  };
}
