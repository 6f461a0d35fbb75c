import { setTimeout as delay } from "node:timers/promises";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";

/** A point in a transaction of ops-service at which the transaction waits until the test opens the gate. */
export interface Gate extends AsyncDisposable {
  /** Resolves when a transaction waits at the gate. @throws Error with the state of the newest run after the time limit */
  reached(): Promise<void>;
  /** Returns the holder of the newest run: "machine/process id/attempt". */
  holder(): Promise<string>;
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

/** Key of the advisory lock of the gate. No other program uses it. */
const LOCK = 724_099;
const LOOK_MS = 20;
/** Long, because a busy machine needs minutes for what takes seconds on an idle one. */
const GIVE_UP_MS = 150_000;

/**
 * Creates the trigger of a gate in ops-service's database. Transactions wait at it until the gate is opened.
 * @param giveUpMs time after which a gate that no transaction reaches is an error
 */
export async function closeGate(databaseUrl: string, place: keyof typeof GATES, giveUpMs = GIVE_UP_MS): Promise<Gate> {
  const holder = await openPostgres(databaseUrl, { max: 1 });
  await holder.query(`
    select pg_advisory_lock(${LOCK});
    create function bellwether.wait_at_gate() returns trigger language plpgsql
      as $$ begin perform pg_advisory_xact_lock(${LOCK}); return new; end $$;
    create trigger gate ${GATES[place]} execute function bellwether.wait_at_gate();`);
  const open = async (): Promise<void> => {
    await holder.query(`select pg_advisory_unlock_all()`);
  };
  return {
    async reached() {
      for (const endMs = performance.now() + giveUpMs; ; await delay(LOOK_MS)) {
        const { rows } = await holder.query(AT_THE_GATE);
        if (rows.length > 0) return;
        if (performance.now() > endMs)
          throw new Error(`no transaction waits at ${place} after ${giveUpMs / 1_000} s; ${await stateOf(holder)}`);
      }
    },
    async holder() {
      const { rows } = await holder.query<{ holder: string }>(
        "select holder from bellwether.run order by id desc limit 1",
      );
      return rows[0]?.holder ?? "";
    },
    async cutConnections() {
      await holder.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'ops-service%' and datname = current_database()`,
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

/** Finds the transactions that wait for the lock of the gate itself. ops-service has other advisory locks. */
const AT_THE_GATE = `select l.pid from pg_locks l join pg_stat_activity a using (pid)
  where not l.granted and l.locktype = 'advisory' and l.objid = ${LOCK} and a.datname = current_database()`;

/** Returns the newest run and the waiting transactions as text, for the error of a gate that was not reached. */
async function stateOf(pool: Awaited<ReturnType<typeof openPostgres>>): Promise<string> {
  const runs = await pool.query<{ run: string }>(
    `select concat_ws(' ', iso_week, state, stage, 'read', rows_read, 'scored', rows_scored, 'chunks', chunks_received, failure) as run
     from bellwether.run order by id desc limit 1`,
  );
  const waiting = await pool.query<{ query: string }>(
    `select left(query, 60) as query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  const blocked = waiting.rows.map((row) => row.query.replace(/\s+/g, " "));
  return `newest run: ${runs.rows[0]?.run ?? "none"}; waiting for locks: ${blocked.join(" | ") || "none"}`;
}
