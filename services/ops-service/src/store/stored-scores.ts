import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { RunFeature, StoredScore } from "../domain/explain-score.ts";
import type { Db } from "./database.ts";

/** A score, by its run and the number of its supplier. */
export interface ScoreKey {
  readonly runId: number;
  readonly supplier: number;
}

interface Slices extends Record<string, unknown> {
  readonly runId: number;
  readonly supplier: number;
  readonly phi: Uint8Array;
  readonly vals: Uint8Array | null;
}

interface RunColumns extends Record<string, unknown> {
  readonly runId: number;
  readonly columnNames: readonly string[] | null;
  readonly features: readonly RunFeature[] | null;
}

/**
 * Reads the stored explanation data of some scores, by `scoreKey`, in any order: of each chunk only the slice
 * of the supplier. Scores that do not exist, or whose run was dropped, are left out.
 */
export async function readStoredScores(db: Db, keys: readonly ScoreKey[]): Promise<ReadonlyMap<string, StoredScore>> {
  if (keys.length === 0) return new Map();
  const runIds = JSON.stringify([...new Set(keys.map(({ runId }) => runId))]);
  const { rows: runs } = await db.execute<RunColumns>(sql`
    select r.id as "runId", r.scored_by -> 'columnNames' as "columnNames", f.features
    from bellwether.run r left join bellwether.run_features f on f.run_id = r.id
    where r.id in (select value::int from jsonb_array_elements_text(${runIds}::text::jsonb))`);
  const byRun = new Map(runs.map((run) => [run.runId, run]));
  const wanted = keys.map(({ runId, supplier }) => {
    const { columnNames, features } = byRun.get(runId) ?? {};
    return { run: runId, supplier, columns: columnNames?.length ?? 0, features: features?.length ?? 0 };
  });
  // LIMIT makes each of them a look-up by key, so that only the partitions of these runs are read.
  const { rows } = await db.execute<Slices>(sql`
    select w.run as "runId", w.supplier, c.phi, c.vals
    from jsonb_to_recordset(${JSON.stringify(wanted)}::text::jsonb) as w(run int, supplier int, columns int, features int)
    cross join lateral (
      select s.chunk, s.pos from bellwether.score s where s.run = w.run and s.supplier = w.supplier limit 1
    ) s
    cross join lateral (
      select substring(c.phi from s.pos * w.columns * 4 + 1 for w.columns * 4) as phi,
        substring(c.vals from s.pos * w.features * 4 + 1 for w.features * 4) as vals
      from bellwether.score_chunk c where c.run = w.run and c.chunk = s.chunk limit 1
    ) c`);
  return new Map(
    rows.map(({ runId, supplier, phi, vals }): [string, StoredScore] => {
      const { columnNames, features } = byRun.get(runId) ?? {};
      const values = vals && float32s(vals);
      return [
        scoreKey({ runId, supplier }),
        { columnNames: columnNames ?? [], phi: float32s(phi), features: features ?? null, values },
      ];
    }),
  );
}

export const scoreKey = ({ runId, supplier }: ScoreKey): string => `${runId}/${supplier}`;

/** The bytes are copied, because bytes of the driver can begin at any offset, and a Float32Array cannot. */
const float32s = (bytes: Uint8Array): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);
