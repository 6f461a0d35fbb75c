import { and, asc, desc, eq, getTableColumns, inArray, lt, ne, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { RunLedger, Transact } from "../../domain/runs/run-ledger.ts";
import type { Run } from "../../domain/scores/run.ts";
import { createAlertRuleStore } from "../alerts/alert-rule-store.ts";
import { type AlertWriter, type AlertWriterOptions, createAlertWriter } from "../alerts/alert-writer.ts";
import { appendEvents } from "../audit/audit-events.ts";
import { RUN_CHANNEL } from "../channels.ts";
import type { Db, InTransaction } from "../database.ts";
import { readActivatedRules } from "../rules/activations.ts";
import { run, runChunk, runFeatures, runProfile, runReport } from "../schema.ts";
import { createPartitions, dropSecondRows, emptyPartitions, publishScores } from "../scores/score-partitions.ts";
import { readPairs } from "../scores/stored-pairs.ts";
import { readStoredProfile } from "../stored-profile.ts";
import { compareScores, mendChain, relink } from "./mend-chain.ts";
import { readReportParts, readScoreParts } from "./report-parts.ts";

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
    activatedRules: () => readActivatedRules(db),
    lock: (runId) => lockWhere(eq(run.id, runId)),
    async find(runId) {
      return await findRun(db, runId);
    },
    async lockWeek(isoWeek, modelName) {
      // Another transaction can make, void or supersede a run of the week between two statements.
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const known = await lockCurrent(db, isoWeek, modelName);
        // A run that exists is not inserted, because each attempt to insert takes an id.
        if (known && !(known.state === "complete" && known.supersedeRequested)) return known;
        const made = await insertRevision(db, { isoWeek, modelName, supersedesRunId: known?.id ?? null });
        if (made) return made;
      }
      throw new Error(`the run of ${isoWeek} was neither made nor found`);
    },
    async lockComplete(isoWeek, modelName) {
      return await lockWhere(and(eq(run.isoWeek, isoWeek), eq(run.modelName, modelName), eq(run.state, "complete")));
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
      await db.update(run).set({ featureCount: null }).where(eq(run.id, runId));
      await emptyPartitions(db, runId);
    },
    dropSecondRows: (runId) => dropSecondRows(db, runId),
    async previousWeek(isoWeek, modelName) {
      const found = await newestBefore(db, isoWeek, modelName);
      return found ? { ...found, suppliers: found.rowsScored } : null;
    },
    async weekOfSource(sourceDigest, { isoWeek, modelName }) {
      if (sourceDigest === "") return "";
      const sameSource = and(
        eq(run.modelName, modelName),
        eq(run.sourceDigest, sourceDigest),
        sql`${run.isoWeek} <> ${isoWeek}`,
      );
      const complete = and(sameSource, eq(run.state, "complete"));
      const [found] = await db
        .select({ week: run.isoWeek })
        .from(run)
        .where(complete)
        .orderBy(desc(run.isoWeek))
        .limit(1);
      return found?.week ?? "";
    },
    async otherInputs({ isoWeek, modelName }) {
      const others = and(eq(run.modelName, modelName), eq(run.state, "complete"), ne(run.isoWeek, isoWeek));
      const columns = { week: run.isoWeek, sourceDigest: run.sourceDigest, contentDigest: run.contentDigest };
      return await db.select(columns).from(run).where(others).orderBy(desc(run.isoWeek)).limit(MAX_OTHER_INPUTS);
    },
    async readProfile(runId) {
      const [found] = await db
        .select({ profile: runProfile.profile })
        .from(runProfile)
        .where(eq(runProfile.runId, runId));
      return readStoredProfile(found?.profile ?? []);
    },
    readScoreParts: (runId) => readScoreParts(db, runId),
    readReportParts: (completed, supplierIds) => readReportParts(db, completed, supplierIds),
    async writeReport(runId, report) {
      await db
        .insert(runReport)
        .values({ runId, report })
        .onConflictDoUpdate({ target: runReport.runId, set: { report } });
    },
    async writeProfile(runId, profile) {
      const set = { profile: [...profile] };
      await db
        .insert(runProfile)
        .values({ runId, ...set })
        .onConflictDoUpdate({ target: runProfile.runId, set });
    },
    async latestWeek(modelName) {
      const complete = and(eq(run.modelName, modelName), eq(run.state, "complete"));
      const [found] = await db
        .select({ week: run.isoWeek })
        .from(run)
        .where(complete)
        .orderBy(desc(run.isoWeek))
        .limit(1);
      return found?.week ?? "";
    },
    relink: (runId, previousRunId) => relink(db, runId, previousRunId),
    mendChain: (after) => mendChain(db, writer, after),
    compareScores: (beforeId, afterId) => compareScores(db, beforeId, afterId),
    readPairs: (beforeId, afterId, suppliers) => readPairs(db, beforeId, afterId, suppliers),
    publishScores: (runId) => publishScores(db, runId, minCompleteness),
    async appendAudit(...events) {
      const nowUs = BigInt(now().getTime()) * 1000n;
      const withIds = events.map((event) => ({ ...event, eventId: newId(), occurredUs: nowUs }));
      await appendEvents(db, withIds, nowUs);
    },
  };
}

/** Number of complete weeks with whose inputs an input is compared: a year and some weeks. */
const MAX_OTHER_INPUTS = 60;

/** Number of attempts to find or make the run of a week: each fails only when another transaction changes the week. */
const MAX_ATTEMPTS = 5;

/** Locks the newest run of a week that is neither voided nor superseded. Undefined: there is none. */
async function lockCurrent(db: Db, isoWeek: string, modelName: string): Promise<Run | undefined> {
  const isCurrent = sql`${run.state} not in ('voided', 'superseded')`;
  const ofWeek = and(eq(run.isoWeek, isoWeek), eq(run.modelName, modelName), isCurrent);
  return (await db.select().from(run).where(ofWeek).orderBy(desc(run.revision)).limit(1).for("update"))[0];
}

/** Makes the next revision of a week, with its tables. Undefined: another transaction has made it. */
async function insertRevision(
  db: Db,
  week: Pick<Run, "isoWeek" | "modelName" | "supersedesRunId">,
): Promise<Run | undefined> {
  const { isoWeek, modelName } = week;
  const previousRunId = (await newestBefore(db, isoWeek, modelName))?.runId ?? null;
  const sameWeek = and(eq(run.isoWeek, isoWeek), eq(run.modelName, modelName));
  const [newest] = await db
    .select({ revision: sql<number>`coalesce(max(${run.revision}), 0)` })
    .from(run)
    .where(sameWeek);
  const values = { ...week, previousRunId, fence: 0, holder: "", revision: (newest?.revision ?? 0) + 1 };
  const [made] = await db.insert(run).values(values).onConflictDoNothing().returning();
  if (made) await createPartitions(db, made.id);
  return made;
}

/** Returns the model's complete run of the newest week before a week. */
async function newestBefore(db: Db, isoWeek: string, modelName: string) {
  const earlier = and(eq(run.modelName, modelName), eq(run.state, "complete"), lt(run.isoWeek, isoWeek));
  const columns = { runId: run.id, isoWeek: run.isoWeek, rowsScored: run.rowsScored, rowsRead: run.rowsRead };
  const [found] = await db.select(columns).from(run).where(earlier).orderBy(desc(run.isoWeek)).limit(1);
  return found;
}

/** Returns the run with this id. */
export async function findRun(db: Db, runId: number): Promise<Run | undefined> {
  return (await db.select().from(run).where(eq(run.id, runId)))[0];
}

/**
 * Returns the run that was made last, of the given week and model. A run that was voided or superseded is returned only
 * if there is no other one: readers do not see its scores.
 */
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
      .orderBy(inArray(run.state, ["voided", "superseded"]), desc(run.id))
      .limit(1)
  )[0];
}

/** Maximum number of checks, and of objects of the input, of each run in a list. */
const LISTED = 20;

/** Lists the runs with lower ids, the run that was made last first, each with its first 20 checks and objects. */
export function listRuns(db: Db, limit: number, beforeId: number | undefined): Promise<Run[]> {
  const earlier = beforeId === undefined ? undefined : lt(run.id, beforeId);
  const last = sql.raw(String(LISTED - 1));
  const checks = sql<Run["checks"]>`jsonb_path_query_array(${run.checks}, '$[0 to ${last}]')`;
  const inputObjects = sql<Run["inputObjects"]>`jsonb_path_query_array(${run.inputObjects}, '$[0 to ${last}]')`;
  return db
    .select({ ...getTableColumns(run), checks, inputObjects })
    .from(run)
    .where(earlier)
    .orderBy(desc(run.id))
    .limit(limit);
}
