import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { float32s } from "../../domain/number-bytes.ts";
import type { StoredChunk, StoredRow } from "../../domain/replay/replay-run.ts";
import type { RunFeature } from "../../domain/scores/explain-score.ts";
import type { Db } from "../database.ts";
import { NOT_EXPIRED } from "../scores/expired-runs.ts";

interface ChunkRow extends Record<string, unknown> {
  readonly chunk: number;
  readonly phi: Uint8Array;
  readonly vals: Uint8Array | null;
  readonly terms: Uint8Array | null;
}

/**
 * Reads the first chunk of a run after `after`, from the tables of the run. Null: there is none, or the scores are older
 * than the retention.
 * @param supplierId Only the row of this supplier; no rows when the run has no score of it. Empty: all rows.
 */
export async function readStoredChunk(
  db: Db,
  { runId, after, supplierId }: { readonly runId: number; readonly after: number; readonly supplierId: string },
): Promise<StoredChunk | null> {
  const { rows: runs } = await db.execute<{ features: readonly RunFeature[] | null; isStored: boolean }>(sql`
    select f.features, ${NOT_EXPIRED} and to_regclass('bellwether.score_chunk_r' || r.id) is not null as "isStored"
    from bellwether.run r left join bellwether.run_features f on f.run_id = r.id where r.id = ${runId}::int`);
  const [run] = runs;
  if (!run?.isStored) return null;
  const [scores, chunks] = ["score", "score_chunk"].map((table) => sql.raw(`bellwether.${table}_r${runId}`));
  const ofSupplier =
    supplierId === ""
      ? sql`true`
      : sql`c.chunk in (select s.chunk from ${scores} s join bellwether.supplier u on u.id = s.supplier
          where u.external_id = ${supplierId})`;
  const { rows: found } = await db.execute<ChunkRow>(sql`
    select c.chunk::int as chunk, c.phi, c.vals, c.terms from ${chunks} c
    where c.chunk > ${after}::int and ${ofSupplier} order by c.chunk limit 1`);
  const [chunk] = found;
  if (!chunk) return supplierId === "" ? null : NO_ROWS;
  const { rows } = await db.execute<StoredRow & Record<string, unknown>>(sql`
    select u.external_id as "supplierId", s.pos::int as pos, s.p as "riskScore", s.band::int as band
    from ${scores} s join bellwether.supplier u on u.id = s.supplier
    where s.chunk = ${chunk.chunk}::smallint and (${supplierId} = '' or u.external_id = ${supplierId}) order by s.pos`);
  return {
    chunk: chunk.chunk,
    rows,
    contributions: float32s(chunk.phi),
    values: chunk.vals && float32s(chunk.vals),
    termWeights: chunk.terms && float32s(chunk.terms),
    features: run.features,
  };
}

/** The run has no score of the supplier. */
const NO_ROWS: StoredChunk = {
  ...{ chunk: 0, rows: [], contributions: new Float32Array(), values: null, termWeights: null, features: null },
};
