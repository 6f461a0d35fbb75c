import { and, asc, desc, eq, lt, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { ScoringModel } from "../domain/choose-model.ts";
import type { Run } from "../domain/run.ts";
import type { RunLedger, Transact } from "../domain/weekly-run.ts";
import { createAlertRuleStore } from "./alert-rule-store.ts";
import { type AlertWriter, type AlertWriterOptions, createAlertWriter } from "./alert-writer.ts";
import { appendEvents } from "./audit-events.ts";
import { RUN_CHANNEL } from "./channels.ts";
import type { Db, InTransaction } from "./database.ts";
import { run, runChunk, runFeatures } from "./schema.ts";
import { createPartitions, dropSecondRows, emptyPartitions, publishScores } from "./score-partitions.ts";

/** The external functions that the run ledger uses. */
export interface LedgerOptions extends AlertWriterOptions {
  readonly newId: () => string;
  /** Share of known features below which a score is incomplete. */
  readonly minCompleteness: number;
}

/** Creates a function that runs domain work on the run ledger, each time in one transaction. */
export function createTransact(inTransaction: InTransaction, options: LedgerOptions): Transact {
  return (work) =>
    inTransaction(async ({ db }) => {
      const writer = createAlertWriter(db, options);
      const result = await work(createLedger(db, writer, options));
      await writer.finish();
      return result;
    });
}

function createLedger(db: Db, writer: AlertWriter, { now, newId, minCompleteness }: LedgerOptions): RunLedger {
  const lockWhere = async (condition: SQL | undefined): Promise<Run | undefined> =>
    (await db.select().from(run).where(condition).for("update"))[0];
  return {
    alerts: createAlertRuleStore(db, writer),
    lock: (runId) => lockWhere(eq(run.id, runId)),
    async lockWeek(isoWeek, modelName) {
      const sameWeek = and(eq(run.isoWeek, isoWeek), eq(run.modelName, modelName));
      // A run that exists is not inserted, because each attempt to insert takes an id.
      const known = await lockWhere(sameWeek);
      if (known) return known;
      const previousRunId = (await newestBefore(db, isoWeek, modelName))?.id ?? null;
      const values = { isoWeek, modelName, previousRunId, fence: 0, holder: "" };
      const [made] = await db.insert(run).values(values).onConflictDoNothing().returning();
      if (made) await createPartitions(db, made.id);
      const week = made ?? (await lockWhere(sameWeek));
      if (!week) throw new Error(`the run of ${isoWeek} was neither made nor found`);
      return week;
    },
    async receivedChunks(runId) {
      const rows = await db
        .select({ chunk: runChunk.chunk })
        .from(runChunk)
        .where(eq(runChunk.runId, runId))
        .orderBy(asc(runChunk.chunk));
      return rows.map(({ chunk }) => chunk);
    },
    async update(runId, patch) {
      const [updated] = await db
        .update(run)
        .set({ ...patch, lastWriteAt: sql`clock_timestamp()` })
        .where(eq(run.id, runId))
        .returning();
      if (!updated) throw new Error(`run ${runId} is gone`);
      await db.execute(sql`select pg_notify(${RUN_CHANNEL}, ${String(runId)})`);
      return updated;
    },
    async holderSilenceMs(runId) {
      const ms = sql<number | null>`(extract(epoch from clock_timestamp() - ${run.lastWriteAt}) * 1000)::float8`;
      const [found] = await db.select({ ms }).from(run).where(eq(run.id, runId));
      return found?.ms ?? null;
    },
    async dropChunks(runId) {
      await db.delete(runChunk).where(eq(runChunk.runId, runId));
      await db.delete(runFeatures).where(eq(runFeatures.runId, runId));
      await emptyPartitions(db, runId);
    },
    dropSecondRows: (runId) => dropSecondRows(db, runId),
    async previousWeek(isoWeek, modelName) {
      const found = await newestBefore(db, isoWeek, modelName);
      return found ? { isoWeek: found.isoWeek, suppliers: found.rowsScored } : null;
    },
    publishScores: (runId) => publishScores(db, runId, minCompleteness),
    async appendAudit(...events) {
      const nowUs = BigInt(now().getTime()) * 1000n;
      const withIds = events.map((event) => ({ ...event, eventId: newId(), occurredUs: nowUs }));
      await appendEvents(db, withIds, nowUs);
    },
  };
}

/** Returns the model's complete run of the newest week before a week. */
async function newestBefore(db: Db, isoWeek: string, modelName: string) {
  const earlier = and(eq(run.modelName, modelName), eq(run.state, "complete"), lt(run.isoWeek, isoWeek));
  const columns = { id: run.id, isoWeek: run.isoWeek, rowsScored: run.rowsScored };
  const [found] = await db.select(columns).from(run).where(earlier).orderBy(desc(run.isoWeek)).limit(1);
  return found;
}

/** Returns the run with this id. */
export async function findRun(db: Db, runId: number): Promise<Run | undefined> {
  return (await db.select().from(run).where(eq(run.id, runId)))[0];
}

/** Returns the run that was started last, of the given week and model. */
export async function findLatestRun(
  db: Db,
  { isoWeek, modelName }: { readonly isoWeek?: string; readonly modelName?: string },
): Promise<Run | undefined> {
  const conditions = [
    isoWeek === undefined ? undefined : eq(run.isoWeek, isoWeek),
    modelName === undefined ? undefined : eq(run.modelName, modelName),
  ];
  return (
    await db
      .select()
      .from(run)
      .where(and(...conditions))
      .orderBy(desc(run.id))
      .limit(1)
  )[0];
}

/** Lists the models with complete runs, in alphabetical order. */
export async function listScoringModels(db: Db): Promise<readonly ScoringModel[]> {
  const { rows } = await db.execute<ScoringModel & Record<string, unknown>>(sql`
    select model_name as "modelName", coalesce(max(iso_week) filter (where force_future is null), '') as "latestWeek",
      min(id) as "firstRunId"
    from bellwether.run where state = 'complete' group by model_name order by model_name`);
  return rows;
}

/** Lists the runs with lower ids, the run that was started last first. */
export function listRuns(db: Db, limit: number, beforeId: number | undefined): Promise<Run[]> {
  const earlier = beforeId === undefined ? undefined : lt(run.id, beforeId);
  return db.select().from(run).where(earlier).orderBy(desc(run.id)).limit(limit);
}
