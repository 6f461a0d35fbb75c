import { NO_BAND } from "@bellwether/contract/band-codes";
import { copyRows } from "@bellwether/postgres/pool/copy-rows";
import type { PoolClient } from "pg";
import type { RunFeature } from "../domain/explain-score.ts";
import { RunMismatchError } from "../domain/ops-error.ts";
import type { Run, RunLease, ScoredBy } from "../domain/run.ts";
import { checkChunkRows, checkLease, checkOpen, checkSameModel, checkSameRows } from "../domain/run-lease.ts";
import { type ChunkReceipt, impactOf, type ScoredChunk } from "../domain/scored-chunk.ts";
import { RUN_CHANNEL } from "./channels.ts";
import { recordSuppliers } from "./record-suppliers.ts";
import { createScoreCopy } from "./score-copy.ts";

interface LockedRun
  extends Pick<Run, "id" | "state" | "fence" | "scoredBy" | "previousRunId" | "chunkRows" | "chunksTotal"> {}

/**
 * Stores a chunk exactly once: scores, contributions and receipt in the transaction `tx`, under the lock of
 * the run. So the chunks of a run are stored one after another, and a new holder waits for the last write of
 * the old one.
 * @throws RunNotFoundError, RunFencedError, RunCompleteError, RunMismatchError
 */
export async function writeChunk(tx: PoolClient, lease: RunLease, chunk: ScoredChunk): Promise<ChunkReceipt> {
  const found = await tx.query<LockedRun>(
    `select id, state::text, fence::float8, scored_by as "scoredBy", previous_run_id as "previousRunId",
       chunk_rows as "chunkRows", chunks_total as "chunksTotal" from bellwether.run where id = $1 for update`,
    [lease.runId],
  );
  const [run] = found.rows;
  checkLease(run, lease);
  const receipts = await tx.query<Omit<ChunkReceipt, "duplicate">>(
    `select rows_scored as "rowsScored", rows_faulty as "rowsInvalid" from bellwether.run_chunk where run_id = $1 and chunk = $2`,
    [lease.runId, chunk.chunk],
  );
  const [receipt] = receipts.rows;
  if (receipt) {
    checkSameRows(run.id, chunk, receipt);
    return { duplicate: true, ...receipt };
  }
  checkOpen(run);
  checkChunkRows(run, chunk);
  checkSameModel(run.id, run.scoredBy, chunk.scoredBy);
  if (chunk.given) await recordFeatures(tx, run.id, chunk.given.features);
  const rowsScored = await copyScores(tx, lease.runId, run.previousRunId, chunk);
  return await leaveReceipt(tx, lease, chunk, rowsScored);
}

/**
 * Stores the features of a run once. @throws RunMismatchError when they differ from those of an earlier chunk
 */
async function recordFeatures(tx: PoolClient, runId: number, features: readonly RunFeature[]): Promise<void> {
  const json = JSON.stringify(features);
  const { rows } = await tx.query<{ same: boolean }>(
    `select features = $2::text::jsonb as same from bellwether.run_features where run_id = $1`,
    [runId, json],
  );
  if (rows[0]?.same === false) throw new RunMismatchError(`run ${runId} began with other features than this chunk has`);
  if (rows.length === 0)
    await tx.query(`insert into bellwether.run_features values ($1, $2::text::jsonb)`, [runId, json]);
}

async function copyScores(
  tx: PoolClient,
  runId: number,
  previousRunId: number | null,
  chunk: ScoredChunk,
): Promise<number> {
  const { riskScores, bands, contributions, scoredBy, given } = chunk;
  const suppliers = await recordSuppliers(tx, chunk);
  const before = await previousScores(
    tx,
    previousRunId,
    suppliers.map(({ id }) => id),
  );
  const columns = scoredBy.columnNames.length;
  const phi = new Float32Array(new Uint8Array(contributions).buffer);
  const copy = createScoreCopy(suppliers.length);
  let rows = 0;
  for (const [pos, { id, regionId, categoryId, exposure }] of suppliers.entries()) {
    const band = bands[pos] ?? NO_BAND;
    if (band === NO_BAND) continue;
    const p = riskScores[pos] ?? Number.NaN;
    const delta = p - (before.get(id) ?? Number.NaN);
    const place = { run: runId, supplier: id, chunk: chunk.chunk, pos };
    const row = { ...place, p, delta, band, impact: impactOf(p, exposure), region: regionId, category: categoryId };
    copy.add(row, phi.subarray(pos * columns, (pos + 1) * columns));
    rows++;
  }
  await copyRows(tx, `copy bellwether.score_r${runId} from stdin (format binary)`, copy.finish());
  await tx.query(`insert into bellwether.score_chunk_r${runId} (run, chunk, phi, vals) values ($1, $2, $3, $4)`, [
    runId,
    chunk.chunk,
    Buffer.from(contributions),
    given && Buffer.from(given.values),
  ]);
  return rows;
}

async function leaveReceipt(
  tx: PoolClient,
  { runId, fence }: RunLease,
  { chunk, supplierIds, scoredBy }: ScoredChunk,
  rowsScored: number,
): Promise<ChunkReceipt> {
  const rowsInvalid = supplierIds.length - rowsScored;
  await tx.query(`insert into bellwether.run_chunk values ($1, $2, $3, $4, $5)`, [
    ...[runId, chunk, fence, rowsScored, rowsInvalid],
  ]);
  await tx.query(
    `update bellwether.run set rows_scored = rows_scored + $2, rows_faulty = rows_faulty + $3,
       chunks_received = chunks_received + 1, scored_by = coalesce(scored_by, $4::text::jsonb) where id = $1`,
    [runId, rowsScored, rowsInvalid, JSON.stringify(scoredBy satisfies ScoredBy)],
  );
  await tx.query("select pg_notify($1, $2)", [RUN_CHANNEL, String(runId)]);
  return { duplicate: false, rowsScored, rowsInvalid };
}

async function previousScores(
  tx: PoolClient,
  runId: number | null,
  supplierIds: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  if (runId === null) return new Map();
  const { rows } = await tx.query<{ supplier: number; p: number }>(
    "select supplier, p from bellwether.score where run = $1 and supplier = any($2::int[]) and p is not null",
    [runId, [...supplierIds]],
  );
  return new Map(rows.map(({ supplier, p }) => [supplier, p]));
}
