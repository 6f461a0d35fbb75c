import type { ReviewPolicy } from "@bellwether/config/risk-policy";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import {
  type ReviewedSupplier,
  type ReviewSample,
  reviewCount,
  reviewSeed,
} from "../../domain/outcomes/review-sample.ts";
import { checkModel } from "../../domain/scores/choose-model.ts";
import type { Db, InTransaction } from "../database.ts";
import { NOT_EXPIRED } from "../scores/expired-runs.ts";
import { scoresOf } from "../scores/score-rows.ts";
import { findScoredRun, latestScoredRun } from "../scores/scored-runs.ts";
import { listScoringModels } from "../scores/scoring-models.ts";
import { andInScope } from "../supplier-scopes.ts";
import { keptScores } from "./kept-scores.ts";

interface UndrawnRun extends Record<string, unknown> {
  readonly id: number;
  readonly modelName: string;
  readonly isoWeek: string;
  readonly revision: number;
}

/**
 * Draws the review sample of the newest complete week of each model that has none: random suppliers with a score and without an open
 * alert of the model. An earlier week gets no sample any more: its alerts have changed. Returns the number of samples.
 */
export async function drawReviewSamples(db: Db, inTransaction: InTransaction, policy: ReviewPolicy): Promise<number> {
  if (policy.share === 0) return 0;
  const { rows } = await db.execute<UndrawnRun>(sql`
    select id, "modelName", "isoWeek", revision from (
      select distinct on (r.model_name) r.id, r.model_name as "modelName", r.iso_week as "isoWeek", r.revision
      from bellwether.run r where r.state = 'complete' and ${NOT_EXPIRED} order by r.model_name, r.iso_week desc
    ) newest where not exists (select from bellwether.review_run d where d.run_id = newest.id)`);
  for (const run of rows) await inTransaction(({ db: tx }) => drawSample(tx, run, policy));
  return rows.length;
}

async function drawSample(db: Db, run: UndrawnRun, policy: ReviewPolicy): Promise<void> {
  const { rowCount: complete } = await db.execute(
    sql`select from bellwether.run where id = ${run.id}::int and state = 'complete' for no key update`,
  );
  if (complete === 0) return;
  const frameSql = sql`${scoresOf(run.id)} s where s.p is not null and not exists (
    select from bellwether.alert a where a.supplier_id = s.supplier and a.model_name = ${run.modelName} and a.state <> 'resolved')`;
  const { rows } = await db.execute<{ frame: number }>(sql`select count(*)::int as frame from ${frameSql}`);
  const { frame = 0 } = rows[0] ?? {};
  const seed = reviewSeed(run);
  const drawn = await db.execute(sql`
    insert into bellwether.review_run (run_id, frame, seed) values (${run.id}::int, ${frame}::int, ${seed}::bigint)
    on conflict do nothing`);
  // Another process has drawn it.
  if (drawn.rowCount === 0) return;
  // The order of the hashes is a random order that anybody can compute again.
  await db.execute(sql`
    insert into bellwether.review (run_id, supplier_id)
    select ${run.id}::int, s.supplier from ${frameSql}
    order by hashint4extended(s.supplier, ${seed}::bigint), s.supplier limit ${reviewCount(frame, policy)}::int`);
}

/**
 * Returns the review sample of a week, with the suppliers of the scope. @param isoWeek empty: the latest complete week of the model
 * @throws ModelNotScoredError
 */
export async function readReviewSample(
  db: Db,
  {
    modelName: wanted,
    isoWeek,
    openOnly,
    scope,
  }: {
    readonly modelName: string;
    readonly isoWeek: string;
    readonly openOnly: boolean;
    readonly scope: SupplierScope | undefined;
  },
): Promise<ReviewSample> {
  const models = await listScoringModels(db);
  const latest = await latestScoredRun(db, models, wanted);
  const modelName = wanted === "" ? (latest?.modelName ?? "") : checkModel(models, wanted);
  const run = isoWeek === "" ? latest : await findAnyRun(db, isoWeek, modelName);
  const none = { modelName, isoWeek: run?.isoWeek ?? isoWeek, frame: 0, seed: 0, suppliers: [] };
  if (!run) return none;
  const { rows: drawn } = await db.execute<{ frame: number; seed: string }>(
    sql`select frame, seed from bellwether.review_run where run_id = ${run.id}::int`,
  );
  const [sample] = drawn;
  if (!sample) return none;
  const scores = (await findScoredRun(db, run.isoWeek, modelName)) ? scoresOf(run.id) : keptScores(run.id);
  const { rows } = await db.execute<ReviewedSupplier & Record<string, unknown>>(sql`
    select u.external_id as "supplierId", u.name, s.p as "riskScore", o.occurred
    from bellwether.review v join bellwether.supplier u on u.id = v.supplier_id
    join ${scores} s on s.supplier = v.supplier_id
    left join bellwether.outcome o on o.supplier_id = v.supplier_id and o.model_name = ${modelName} and o.about = ${run.isoWeek}
      and o.replaced_by is null and not o.withdrawn
    where v.run_id = ${run.id}::int ${openOnly ? sql`and o.id is null` : sql``}${andInScope(scope, sql`u`)} order by u.external_id collate "C"`);
  return { ...none, frame: sample.frame, seed: Number(sample.seed), suppliers: rows };
}

/** Returns the complete run of a week, also when its scores have expired. */
async function findAnyRun(db: Db, isoWeek: string, modelName: string) {
  const { rows } = await db.execute<{ id: number; isoWeek: string; modelName: string }>(sql`
    select id, iso_week as "isoWeek", model_name as "modelName" from bellwether.run
    where iso_week = ${isoWeek} and model_name = ${modelName} and state = 'complete'`);
  return rows[0];
}
