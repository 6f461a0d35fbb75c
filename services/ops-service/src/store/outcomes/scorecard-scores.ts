import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { float32s } from "../../domain/number-bytes.ts";
import type {
  Scorecard,
  ScorecardScores,
  ScorecardVersion,
  StoredFeatures,
  UnscoredRun,
} from "../../domain/outcomes/scorecard-scores.ts";
import type { Db } from "../database.ts";
import { NOT_EXPIRED } from "../scores/expired-runs.ts";
import { scoresOf } from "../scores/score-rows.ts";

/** A random share of the suppliers: those whose hash is below this share of the range. */
const HASH_RANGE = 2 ** 20;

/** Condition that a supplier `s` is in a share of the suppliers, which is the same in each run. */
export const inShare = (share: number): SQL =>
  share >= 1
    ? sql`true`
    : sql`(hashint4extended(s.supplier, 0) & ${HASH_RANGE - 1}::bigint) < ${Math.round(share * HASH_RANGE)}::bigint`;

/** Condition that a run `r` was scored by the scorecard itself. */
export const isScoredBy = ({ version, bundleDigest }: ScorecardVersion): SQL =>
  sql`(r.scored_by ->> 'version' = ${version} and r.scored_by ->> 'bundleDigest' = ${bundleDigest})`;

/** Condition that the stored scores `k` of a run are those of the scorecard. */
export const isStoredOf = ({ version, bundleDigest }: ScorecardVersion): SQL =>
  sql`(k.model_version = ${version} and k.bundle_digest = ${bundleDigest})`;

/** Returns the scorecard whose scores were stored last. */
export async function findStoredScorecard(db: Db, modelName: string): Promise<ScorecardVersion | null> {
  const { rows } = await db.execute<ScorecardVersion & Record<string, unknown>>(sql`
    select k.model_version as version, k.bundle_digest as "bundleDigest"
    from bellwether.scorecard_run k join bellwether.run r on r.id = k.run_id
    where r.model_name = ${modelName} order by k.computed_at desc limit 1`);
  return rows[0] ?? null;
}

/** Lists the complete runs with stored features that a scorecard has not scored, newest week first. */
export async function listUnscored(db: Db, scorecard: Scorecard, limit: number): Promise<readonly UnscoredRun[]> {
  const { rows } = await db.execute<UnscoredRun & Record<string, unknown>>(sql`
    select r.id, r.iso_week as "isoWeek", f.features, r.rows_scored::float8 as suppliers
    from bellwether.run r join bellwether.run_features f on f.run_id = r.id
    where r.state = 'complete' and ${NOT_EXPIRED} and r.model_name = ${scorecard.modelName}
      and coalesce(not ${isScoredBy(scorecard)}, true)
      and not exists (select from bellwether.scorecard_run k where k.run_id = r.id and ${isStoredOf(scorecard)})
    order by r.iso_week desc limit ${limit}`);
  return rows;
}

/**
 * Reads the features of the first chunk of a run after `after`, of the suppliers with a score. Null: there is none, or the retention has
 * removed them.
 */
export async function readFeatures(
  db: Db,
  { id, features }: Pick<UnscoredRun, "id" | "features">,
  after: number,
  share: number,
): Promise<StoredFeatures | null> {
  const { rows: stored } = await db.execute<{ isStored: boolean }>(
    sql`select to_regclass(${`bellwether.score_chunk_r${Math.trunc(id)}`}) is not null as "isStored"`,
  );
  if (!stored[0]?.isStored) return null;
  const { rows: chunks } = await db.execute<{ chunk: number; vals: Uint8Array | null }>(sql`
    select c.chunk::int as chunk, c.vals from ${sql.raw(`bellwether.score_chunk_r${Math.trunc(id)}`)} c
    where c.chunk > ${after}::int order by c.chunk limit 1`);
  const [found] = chunks;
  if (!found) return null;
  const { chunk, vals } = found;
  if (vals === null) return { chunk, suppliers: new Int32Array(), supplierIds: [], values: new Float32Array() };
  const { rows } = await db.execute<{ supplier: number; supplierId: string; pos: number }>(sql`
    select s.supplier, u.external_id as "supplierId", s.pos::int as pos
    from ${scoresOf(id)} s join bellwether.supplier u on u.id = s.supplier
    where s.chunk = ${chunk}::smallint and s.p is not null and ${inShare(share)} order by s.pos`);
  const all = float32s(vals);
  const width = features.length;
  const values = new Float32Array(rows.length * width);
  for (const [row, { pos }] of rows.entries()) values.set(all.subarray(pos * width, (pos + 1) * width), row * width);
  return {
    ...{ chunk, values, suppliers: Int32Array.from(rows, ({ supplier }) => supplier) },
    supplierIds: rows.map(({ supplierId }) => supplierId),
  };
}

/**
 * Stores what a scorecard computes for a run, in place of what an earlier one has computed. Does nothing for a run that has expired or was
 * withdrawn meanwhile: some of its features may have been removed before they were read.
 */
export async function storeScorecardScores(
  db: Db,
  run: Pick<UnscoredRun, "id">,
  { version, bundleDigest }: ScorecardVersion,
  { hasOtherFeatures, share, unknownCategories, suppliers, scores }: ScorecardScores,
): Promise<void> {
  await db.execute(sql`
    insert into bellwether.scorecard_run
      (run_id, model_version, bundle_digest, computed_at, other_features, unknown_categories, share, suppliers, scores)
    select r.id, ${version}::text, ${bundleDigest}::text, clock_timestamp(), ${hasOtherFeatures}::boolean, ${unknownCategories}::int,
      ${share}::float8, ${sql.param([...suppliers])}::int[], ${sql.param([...scores])}::float8[]
    from bellwether.run r where r.id = ${run.id}::int and r.state = 'complete' and ${NOT_EXPIRED}
    on conflict (run_id) do update set model_version = excluded.model_version, bundle_digest = excluded.bundle_digest,
      computed_at = excluded.computed_at, other_features = excluded.other_features,
      unknown_categories = excluded.unknown_categories, share = excluded.share, suppliers = excluded.suppliers,
      scores = excluded.scores`);
}

/** Returns the SELECT of the scores of a scorecard for a run, with the columns supplier and p. */
export function scorecardScores(runId: number, scorecard: ScorecardVersion): SQL {
  return sql`(
    select s.supplier, s.p from bellwether.scorecard_run k, unnest(k.suppliers, k.scores) as s(supplier, p)
    where k.run_id = ${runId}::int and ${isStoredOf(scorecard)})`;
}

/** Removes the scores of scorecards for weeks before the oldest one that is kept. */
export async function removeScorecardScores(db: Db, modelName: string, oldestWeek: string): Promise<void> {
  await db.execute(sql`
    delete from bellwether.scorecard_run k using bellwether.run r
    where r.id = k.run_id and r.model_name = ${modelName} and r.iso_week < ${oldestWeek}`);
}
