import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { float32s } from "../../domain/number-bytes.ts";
import type { RunFeature } from "../../domain/scores/explain-score.ts";
import type { ScoredBy } from "../../domain/scores/run.ts";
import { type ScorePair, type StoredInput, termsOf } from "../../domain/scores/stored-input.ts";
import type { Db } from "../database.ts";
import { scoresOf } from "./score-rows.ts";

/** Number of suppliers of which a statement reads the inputs. */
const SUPPLIERS_PER_STATEMENT = 200;

/** Reads what two runs stored about suppliers, for those that have a score in both, in the given order. */
export async function readPairs(
  db: Db,
  beforeId: number,
  afterId: number,
  suppliers: readonly number[],
): Promise<readonly ScorePair[]> {
  const pairs: ScorePair[] = [];
  for (let at = 0; at < suppliers.length; at += SUPPLIERS_PER_STATEMENT) {
    const some = suppliers.slice(at, at + SUPPLIERS_PER_STATEMENT);
    const before = await readInputs(db, beforeId, some);
    const after = await readInputs(db, afterId, some);
    for (const supplier of some) {
      const [old, now] = [before.get(supplier), after.get(supplier)];
      if (old && now) pairs.push({ supplier, supplierId: now.supplierId, before: old.input, after: now.input });
    }
  }
  return pairs;
}

interface InputRow extends Record<string, unknown> {
  readonly supplier: number;
  readonly supplierId: string;
  readonly riskScore: number;
  readonly vals: Uint8Array | null;
  readonly terms: Uint8Array | null;
}

interface RunRow extends Record<string, unknown> {
  readonly isoWeek: string;
  readonly modelName: string;
  readonly scoredBy: ScoredBy | null;
  readonly features: readonly RunFeature[] | null;
  readonly isStored: boolean;
}

/** Reads the inputs of some suppliers of one run, from the tables of the run. Empty: they were dropped. */
async function readInputs(
  db: Db,
  runId: number,
  suppliers: readonly number[],
): Promise<ReadonlyMap<number, { readonly supplierId: string; readonly input: StoredInput }>> {
  const { rows: runs } = await db.execute<RunRow>(sql`
    select r.iso_week as "isoWeek", r.model_name as "modelName", r.scored_by as "scoredBy", f.features,
      to_regclass('bellwether.score_chunk_r' || r.id) is not null as "isStored"
    from bellwether.run r left join bellwether.run_features f on f.run_id = r.id where r.id = ${runId}::int`);
  const [run] = runs;
  if (!run?.isStored) return new Map();
  const { features, scoredBy, isoWeek } = run;
  const terms = termsOf(scoredBy?.columnNames ?? [], features ?? []);
  const width = (count: number) => sql.raw(String(count * Float32Array.BYTES_PER_ELEMENT));
  const [valueBytes, termBytes] = [width(features?.length ?? 0), width(terms.length)];
  const { rows } = await db.execute<InputRow>(sql`
    select s.supplier, u.external_id as "supplierId", s.p as "riskScore",
      substring(c.vals from s.pos * ${valueBytes} + 1 for ${valueBytes}) as vals,
      substring(c.terms from s.pos * ${termBytes} + 1 for ${termBytes}) as terms
    from ${scoresOf(runId)} s join bellwether.supplier u on u.id = s.supplier
    join ${sql.raw(`bellwether.score_chunk_r${Math.trunc(runId)}`)} c on c.run = ${runId}::int and c.chunk = s.chunk
    where s.run = ${runId}::int and s.p is not null and s.supplier = any(${sql.param([...suppliers])}::int[])`);
  const { version = "", modelDigest = "", bundleDigest = "" } = scoredBy ?? {};
  const model = { name: run.modelName, version, modelDigest, bundleDigest };
  return new Map(
    rows.map(({ supplier, supplierId, riskScore, vals, terms: weights }) => {
      const values = vals && float32s(vals);
      const input = { isoWeek, runId, riskScore, scoredBy: model, features, values, terms };
      return [supplier, { supplierId, input: { ...input, termWeights: weights && float32s(weights) } }];
    }),
  );
}

/** The bytes are copied, because bytes of the driver can begin at any offset, and a Float32Array cannot. */
