import { NO_BAND } from "@bellwether/contract/band-codes";
import { copyRows } from "@bellwether/postgres/pool/copy-rows";
import type { PoolClient } from "pg";
import { float32s } from "../../domain/number-bytes.ts";
import { RunMismatchError } from "../../domain/ops-error.ts";
import { checkChunkRows, checkLease, checkOpen, checkSameModel, checkSameRows } from "../../domain/runs/run-lease.ts";
import {
  criticalityFromNumber,
  expectedImpact,
  exposureIn,
  type ImpactFormula,
} from "../../domain/scores/expected-impact.ts";
import type { Run, RunLease, ScoredBy } from "../../domain/scores/run.ts";
import type { ChunkReceipt, ScoredChunk } from "../../domain/scores/scored-chunk.ts";
import { RUN_CHANNEL } from "../channels.ts";
import { createScoreCopy, SCORE_COPY_COLUMNS } from "../scores/score-copy.ts";
import { recordSuppliers } from "../suppliers/record-suppliers.ts";

interface LockedRun
  extends Pick<
    Run,
    "id" | "isoWeek" | "revision" | "state" | "fence" | "scoredBy" | "previousRunId" | "chunkRows" | "chunksTotal"
  > {
  readonly impactFormula: ImpactFormula | null;
}

/** The formula of a run that a release without criticality has begun: score × exposure. */
const PLAIN_FORMULA: ImpactFormula = {
  currency: "",
  exchangeRates: {},
  weights: { low: 1, normal: 1, high: 1, critical: 1 },
  unknownExposure: 1,
};

/**
 * Stores a chunk exactly once: scores, contributions and receipt in the transaction `tx`, under the lock of
 * the run. So the chunks of a run are stored one after another, and a new holder waits for the last write of
 * the old one. The first chunk decides the formula of the impacts for the whole run.
 * @param policy The formula of a run that begins now.
 * @throws RunNotFoundError, RunFencedError, RunCompleteError, RunMismatchError
 */
export async function writeChunk(
  tx: PoolClient,
  lease: RunLease,
  chunk: ScoredChunk,
  policy: ImpactFormula,
): Promise<ChunkReceipt> {
  const found = await tx.query<LockedRun>(
    `select id, iso_week as "isoWeek", revision, state::text, fence::float8, scored_by as "scoredBy", previous_run_id as "previousRunId",
       chunk_rows as "chunkRows", chunks_total as "chunksTotal",
       impact_formula as "impactFormula"
     from bellwether.run where id = $1 for update`,
    [lease.runId],
  );
  const [run] = found.rows;
  checkLease(run, lease);
  const features = chunk.given && JSON.stringify(chunk.given.features);
  const { receipt, hasSameFeatures } = await readReceipt(tx, lease.runId, chunk.chunk, features);
  if (receipt) {
    checkSameRows(run.id, chunk, receipt);
    return { duplicate: true, ...receipt };
  }
  checkOpen(run);
  checkChunkRows(run, chunk);
  checkSameModel(run.id, run.scoredBy, chunk.scoredBy);
  if (hasSameFeatures === false)
    throw new RunMismatchError(`run ${run.id} began with other features than this chunk has`);
  if (hasSameFeatures === null && features !== null)
    await tx.query(`insert into bellwether.run_features values ($1, $2::text::jsonb)`, [run.id, features]);
  const formula = run.scoredBy === null ? policy : run.impactFormula;
  const rowsScored = await copyScores(tx, run, chunk, formula ?? PLAIN_FORMULA);
  return await leaveReceipt(tx, lease, chunk, { rowsScored, formula });
}

interface StoredChunk {
  readonly receipt: Omit<ChunkReceipt, "duplicate"> | null;
  /** Whether earlier chunks of the run had the same features. Null: the run, or this chunk, has none. */
  readonly hasSameFeatures: boolean | null;
}

/**
 * Reads what is stored of a chunk. German texts do not change what the values mean: another release may have begun the
 * run without them.
 * @param features JSON; null: the chunk has none
 */
async function readReceipt(
  tx: PoolClient,
  runId: number,
  chunk: number,
  features: string | null,
): Promise<StoredChunk> {
  const { rows } = await tx.query<StoredChunk>(
    `select (
         select json_build_object('rowsScored', rows_scored, 'rowsInvalid', rows_faulty)
         from bellwether.run_chunk where run_id = $1 and chunk = $2
       ) as receipt,
       (select features = $3::text::jsonb
           or (select jsonb_agg(f - 'de') from jsonb_array_elements(features) f)
             = (select jsonb_agg(f - 'de') from jsonb_array_elements($3::text::jsonb) f)
         from bellwether.run_features where run_id = $1) as "hasSameFeatures"`,
    [runId, chunk, features],
  );
  return rows[0] ?? { receipt: null, hasSameFeatures: null };
}

async function copyScores(
  tx: PoolClient,
  { id: runId, previousRunId }: LockedRun,
  chunk: ScoredChunk,
  formula: ImpactFormula,
): Promise<number> {
  const { riskScores, bands, contributions, scoredBy, given, termWeights } = chunk;
  const suppliers = await recordSuppliers(tx, chunk);
  const before = await previousScores(
    tx,
    previousRunId,
    suppliers.map(({ id }) => id),
  );
  const columns = scoredBy.columnNames.length;
  const phi = float32s(contributions);
  const presentOf = given ? featureCounter(given) : () => null;
  const copy = createScoreCopy(suppliers.length);
  let rows = 0;
  for (const [pos, supplier] of suppliers.entries()) {
    const { id, regionId, categoryId } = supplier;
    const band = bands[pos] ?? NO_BAND;
    if (band === NO_BAND) continue;
    const p = riskScores[pos] ?? Number.NaN;
    const previous = before.get(id) ?? null;
    const exposure = exposureIn(formula, supplier.exposure, supplier.exposureCurrency);
    const criticality = criticalityFromNumber(supplier.criticality);
    copy.add(
      {
        run: runId,
        supplier: id,
        chunk: chunk.chunk,
        pos,
        p,
        band,
        exposure,
        previous,
        delta: p - (previous?.p ?? Number.NaN),
        impact: expectedImpact({ riskScore: p, exposure, criticality }, formula),
        region: regionId,
        category: categoryId,
        present: presentOf(pos),
      },
      phi,
      pos * columns,
      columns,
    );
    rows++;
  }
  await copyRows(
    tx,
    `copy bellwether.score_r${runId} (${SCORE_COPY_COLUMNS}) from stdin (format binary)`,
    copy.finish(),
  );
  await tx.query(
    `insert into bellwether.score_chunk_r${runId} (run, chunk, phi, vals, terms) values ($1, $2, $3, $4, $5)`,
    [
      runId,
      chunk.chunk,
      asBuffer(contributions),
      given && asBuffer(given.values),
      termWeights && asBuffer(termWeights),
    ],
  );
  return rows;
}

/** Returns a function from a row to its number of features with a value. */
function featureCounter({ features, values: bytes }: NonNullable<ScoredChunk["given"]>): (row: number) => number {
  const values = float32s(bytes);
  const width = features.length;
  return (row) => {
    let present = 0;
    for (let at = row * width; at < (row + 1) * width; at++) if (!Number.isNaN(values[at])) present++;
    return present;
  };
}

async function leaveReceipt(
  tx: PoolClient,
  { runId, fence }: RunLease,
  { chunk, supplierIds, scoredBy, given }: ScoredChunk,
  { rowsScored, formula }: { readonly rowsScored: number; readonly formula: ImpactFormula | null },
): Promise<ChunkReceipt> {
  const rowsInvalid = supplierIds.length - rowsScored;
  await tx.query(
    `with receipt as (insert into bellwether.run_chunk values ($1::int, $2, $3, $4::int, $5::int)),
       counted as (
         update bellwether.run set rows_scored = rows_scored + $4::int, rows_faulty = rows_faulty + $5::int,
           chunks_received = chunks_received + 1, last_write_at = clock_timestamp(),
           scored_by = coalesce(scored_by, $6::text::jsonb),
           impact_formula = $7::text::jsonb, feature_count = coalesce(feature_count, $8::int) where id = $1::int
       )
     select pg_notify($9, $10)`,
    [
      ...[runId, chunk, fence, rowsScored, rowsInvalid, JSON.stringify(scoredBy satisfies ScoredBy)],
      ...[formula && JSON.stringify(formula), given ? given.features.length : null, RUN_CHANNEL, String(runId)],
    ],
  );
  return { duplicate: false, rowsScored, rowsInvalid };
}

/** Returns the same bytes as a Buffer, which the client of the database needs. */
const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

interface PreviousScore {
  readonly p: number;
  readonly chunk: number;
  readonly pos: number;
}

/** Size of a score in the answer of `previousScores`: int4 supplier, float8 score, int2 chunk, int2 position. */
const PREVIOUS_BYTES = 16;

/**
 * Returns the scores of some suppliers in the previous run, by number of the supplier. The answer of the database is
 * one value, because decoding each field of thousands of rows takes longer than the query.
 */
async function previousScores(
  tx: PoolClient,
  runId: number | null,
  supplierIds: readonly number[],
): Promise<ReadonlyMap<number, PreviousScore>> {
  if (runId === null) return new Map();
  const { rows } = await tx.query<{ scores: Buffer | null }>(
    `select string_agg(int4send(supplier) || float8send(p) || int2send(chunk) || int2send(pos), ''::bytea) as scores
     from bellwether.score where run = $1 and supplier = any($2::int[]) and p is not null`,
    [runId, `{${supplierIds.join(",")}}`],
  );
  const bytes = rows[0]?.scores ?? Buffer.alloc(0);
  const scores = new Map<number, PreviousScore>();
  for (let at = 0; at < bytes.length; at += PREVIOUS_BYTES)
    scores.set(bytes.readInt32BE(at), {
      p: bytes.readDoubleBE(at + 4),
      chunk: bytes.readInt16BE(at + 12),
      pos: bytes.readInt16BE(at + 14),
    });
  return scores;
}
