import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { float32s } from "../../domain/number-bytes.ts";
import { ScoreNotFoundError, SupplierNotFoundError } from "../../domain/ops-error.ts";
import { chooseModelOf } from "../../domain/scores/choose-model.ts";
import type { RunFeature } from "../../domain/scores/explain-score.ts";
import { type StoredInput, termsOf } from "../../domain/scores/stored-input.ts";
import type { Db } from "../database.ts";
import { andInScope } from "../supplier-scopes.ts";
import { type HistoryEntry, readHistory, readScoringModels } from "./score-history.ts";
import { listScoringModels } from "./scoring-models.ts";

/** Maximum number of weeks of a history that are searched for a week, about eleven years. */
const MAX_WEEKS = 600;

/** Reads what a run stored about a supplier. @param isoWeek Empty: the latest week in which the model scored it. */
export async function readStoredInput(
  db: Db,
  supplierId: string,
  {
    modelName,
    isoWeek,
    scope,
  }: { readonly modelName: string; readonly isoWeek: string; readonly scope: SupplierScope | undefined },
): Promise<StoredInput> {
  const { number, model, history } = await scoredWeeks(db, supplierId, { modelName, scope });
  const entry = history.find(({ run }) => isoWeek === "" || run.isoWeek === isoWeek);
  if (!entry) throw new ScoreNotFoundError(supplierId, model, isoWeek === "" ? "in any week" : `in ${isoWeek}`);
  return await readInput(db, number, entry);
}

/**
 * Reads what two runs stored about a supplier.
 * @param weeks Empty `after`: the latest week; empty `before`: the latest week before it. @throws SupplierNotFoundError,
 * ScoreNotFoundError, ModelNotScoredError
 */
export async function readStoredInputs(
  db: Db,
  supplierId: string,
  weeks: {
    readonly modelName: string;
    readonly before: string;
    readonly after: string;
    readonly scope: SupplierScope | undefined;
  },
): Promise<{ readonly before: StoredInput; readonly after: StoredInput }> {
  const { number, model, history } = await scoredWeeks(db, supplierId, weeks);
  const after = history.find(({ run }) => weeks.after === "" || run.isoWeek === weeks.after);
  if (!after) throw new ScoreNotFoundError(supplierId, model, weeks.after === "" ? "in any week" : `in ${weeks.after}`);
  const last = after.run.isoWeek;
  const before = history.find(({ run }) => (weeks.before === "" ? run.isoWeek < last : run.isoWeek === weeks.before));
  if (!before)
    throw new ScoreNotFoundError(supplierId, model, weeks.before === "" ? `before ${last}` : `in ${weeks.before}`);
  return { before: await readInput(db, number, before), after: await readInput(db, number, after) };
}

/** Returns the weeks in which a model scored a supplier, newest first. The model is chosen as for GetSupplier. */
async function scoredWeeks(
  db: Db,
  supplierId: string,
  { modelName: wanted, scope }: { readonly modelName: string; readonly scope: SupplierScope | undefined },
) {
  const { rows } = await db.execute<{ id: number }>(
    sql`select id from bellwether.supplier where external_id = ${supplierId}${andInScope(scope, sql`supplier`)}`,
  );
  const number = rows[0]?.id;
  if (number === undefined) throw new SupplierNotFoundError(supplierId);
  const scorers = await readScoringModels(db, number);
  const model = chooseModelOf(scorers, await listScoringModels(db), wanted);
  return { number, model, history: await readHistory(db, number, { modelName: model, weeks: MAX_WEEKS }) };
}

interface InputRow extends Record<string, unknown> {
  readonly columnNames: readonly string[] | null;
  readonly features: readonly RunFeature[] | null;
  readonly vals: Uint8Array | null;
  readonly terms: Uint8Array | null;
}

/** Reads the slices of one supplier of one run, from the tables of the run. */
async function readInput(db: Db, supplier: number, { run, score }: HistoryEntry): Promise<StoredInput> {
  const { rows: runs } = await db.execute<Pick<InputRow, "columnNames" | "features">>(sql`
    select r.scored_by -> 'columnNames' as "columnNames", f.features
    from bellwether.run r left join bellwether.run_features f on f.run_id = r.id where r.id = ${run.id}::int`);
  const { features = null, columnNames } = runs[0] ?? {};
  const terms = termsOf(columnNames ?? [], features ?? []);
  const width = (count: number) => sql.raw(String(count * Float32Array.BYTES_PER_ELEMENT));
  const [scores, chunks] = ["score", "score_chunk"].map((table) => sql.raw(`bellwether.${table}_r${run.id}`));
  const [valueBytes, termBytes] = [width(features?.length ?? 0), width(terms.length)];
  const { rows } = await db.execute<Pick<InputRow, "vals" | "terms">>(sql`
    select substring(c.vals from s.pos * ${valueBytes} + 1 for ${valueBytes}) as vals,
      substring(c.terms from s.pos * ${termBytes} + 1 for ${termBytes}) as terms
    from ${scores} s join ${chunks} c on c.run = ${run.id}::int and c.chunk = s.chunk
    where s.run = ${run.id}::int and s.supplier = ${supplier}::int`);
  const [slices] = rows;
  return {
    isoWeek: run.isoWeek,
    runId: run.id,
    riskScore: score.riskScore,
    scoredBy: {
      name: run.modelName,
      version: run.scoredBy?.version ?? "",
      modelDigest: run.scoredBy?.modelDigest ?? "",
      bundleDigest: run.scoredBy?.bundleDigest ?? "",
    },
    features,
    values: slices?.vals ? float32s(slices.vals) : null,
    terms,
    termWeights: slices?.terms ? float32s(slices.terms) : null,
  };
}

/** The bytes are copied, because bytes of the driver can begin at any offset, and a Float32Array cannot. */
