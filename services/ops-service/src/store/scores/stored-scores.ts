import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { float32s } from "../../domain/number-bytes.ts";
import type { RunFeature, StoredContributions, StoredScore } from "../../domain/scores/explain-score.ts";
import type { ScoredBy } from "../../domain/scores/run.ts";
import type { Db } from "../database.ts";
import { NOT_EXPIRED } from "./expired-runs.ts";

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
  readonly previousPhi: Uint8Array | null;
  readonly previousVals: Uint8Array | null;
}

interface RunColumns extends Record<string, unknown> {
  readonly runId: number;
  readonly isoWeek: string;
  readonly previousRunId: number | null;
  readonly columnNames: readonly string[] | null;
  readonly version: string | null;
  readonly outputSpace: ScoredBy["outputSpace"] | null;
  readonly features: readonly RunFeature[] | null;
  /** Whether the tables of the run exist. */
  readonly isStored: boolean;
}

/** Runs and their previous runs, by id: what their stored explanation data mean. */
export type ExplainedRuns = ReadonlyMap<number, RunColumns>;

/**
 * Reads the stored explanation data of some scores with those of the previous scores, by `scoreKey`, in any
 * order: of each chunk only the slice of the supplier. Only the tables of these runs are read. Scores that do
 * not exist, or whose run was dropped, are left out.
 * @param runs the runs of the scores, for callers that have read them. Left out: they are read
 */
export async function readStoredScores(
  db: Db,
  keys: readonly ScoreKey[],
  runs?: ExplainedRuns,
): Promise<ReadonlyMap<string, StoredScore>> {
  if (keys.length === 0) return new Map();
  const suppliersOf = new Map<number, number[]>();
  for (const { runId, supplier } of keys) suppliersOf.set(runId, [...(suppliersOf.get(runId) ?? []), supplier]);
  const byRun = runs ?? (await readExplainedRuns(db, [...suppliersOf.keys()]));
  const selects = [...suppliersOf].flatMap(([runId, suppliers]) => {
    const run = byRun.get(runId);
    if (!run?.isStored) return [];
    const previous = byRun.get(run.previousRunId ?? -1);
    return [selectSlices(run, previous?.isStored ? previous : undefined, suppliers)];
  });
  if (selects.length === 0) return new Map();
  const { rows } = await db.execute<Slices>(sql.join(selects, sql` union all `));
  return new Map(
    rows.map((row): [string, StoredScore] => {
      const run = byRun.get(row.runId);
      const previous = byRun.get(run?.previousRunId ?? -1);
      const before = row.previousPhi && previous ? contributionsOf(previous, row.previousPhi, row.previousVals) : null;
      const isComparable = previous?.outputSpace === run?.outputSpace;
      return [
        scoreKey(row),
        {
          ...contributionsOf(run, row.phi, row.vals),
          previous:
            before && previous && isComparable
              ? { ...before, isoWeek: previous.isoWeek, modelVersion: previous.version ?? "" }
              : null,
        },
      ];
    }),
  );
}

/** Reads runs and their previous runs. */
export async function readExplainedRuns(db: Db, runIds: readonly number[]): Promise<ExplainedRuns> {
  const ids = sql.param([...runIds]);
  const { rows } = await db.execute<RunColumns>(sql`
    select r.id as "runId", r.iso_week as "isoWeek", r.previous_run_id as "previousRunId",
      r.scored_by -> 'columnNames' as "columnNames", r.scored_by ->> 'version' as version,
      r.scored_by ->> 'outputSpace' as "outputSpace", f.features,
      ${NOT_EXPIRED} and to_regclass('bellwether.score_chunk_r' || r.id) is not null as "isStored"
    from bellwether.run r left join bellwether.run_features f on f.run_id = r.id
    where r.id = any(${ids}::int[])
      or r.id in (select previous_run_id from bellwether.run where id = any(${ids}::int[]))`);
  return new Map(rows.map((run) => [run.runId, run]));
}

/**
 * Returns the query for the slices of some suppliers of one run. The tables of the runs are named, so that the
 * server locks no others.
 */
function selectSlices(run: RunColumns, previous: RunColumns | undefined, suppliers: readonly number[]): SQL {
  const table = (name: string, runId: number): SQL => sql.raw(`bellwether.${name}_r${runId}`);
  const slice = (column: SQL, pos: SQL, names: readonly unknown[] | null): SQL => {
    const width = sql.raw(String((names?.length ?? 0) * Float32Array.BYTES_PER_ELEMENT));
    return sql`substring(${column} from ${pos} * ${width} + 1 for ${width})`;
  };
  const before = previous
    ? sql`${slice(sql`b.phi`, sql`s.previous_pos`, previous.columnNames)} as "previousPhi",
        ${slice(sql`b.vals`, sql`s.previous_pos`, previous.features)} as "previousVals"`
    : sql`null::bytea as "previousPhi", null::bytea as "previousVals"`;
  const join = previous
    ? sql`left join ${table("score_chunk", previous.runId)} b on b.run = ${sql.raw(String(previous.runId))} and b.chunk = s.previous_chunk`
    : sql``;
  const runId = sql.raw(String(run.runId));
  return sql`
    select ${runId} as "runId", s.supplier, ${slice(sql`c.phi`, sql`s.pos`, run.columnNames)} as phi,
      ${slice(sql`c.vals`, sql`s.pos`, run.features)} as vals, ${before}
    from ${table("score", run.runId)} s
    join ${table("score_chunk", run.runId)} c on c.run = ${runId} and c.chunk = s.chunk ${join}
    where s.run = ${runId} and s.supplier = any(${sql.param([...suppliers])}::int[])`;
}

function contributionsOf(
  run: Pick<RunColumns, "columnNames" | "features"> | undefined,
  phi: Uint8Array,
  vals: Uint8Array | null,
): StoredContributions {
  return {
    columnNames: run?.columnNames ?? [],
    phi: float32s(phi),
    features: run?.features ?? null,
    values: vals && float32s(vals),
  };
}

export const scoreKey = ({ runId, supplier }: ScoreKey): string => `${runId}/${supplier}`;

/** The bytes are copied, because bytes of the driver can begin at any offset, and a Float32Array cannot. */
