import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { Supplier, SupplierScore } from "../../domain/suppliers/supplier.ts";
import type { Db } from "../database.ts";
import type { LabelTexts } from "../scores/label-texts.ts";
import { readScores, scoreOf } from "../scores/score-rows.ts";
import { latestScoredRun } from "../scores/scored-runs.ts";
import { listScoringModels } from "../scores/scoring-models.ts";
import { readSuppliers } from "./supplier-rows.ts";

/** Returns the scores of the suppliers that are merged into a supplier, in the latest run of a model. */
export async function mergedScores(
  db: Db,
  { mergedIds }: Supplier,
  { modelName, labelTexts }: { readonly modelName: string; readonly labelTexts: LabelTexts },
): Promise<readonly SupplierScore[]> {
  if (mergedIds.length === 0 || modelName === "") return [];
  const run = await latestScoredRun(db, await listScoringModels(db), modelName);
  const { rows } = await db.execute<{ number: number }>(
    sql`select id as number from bellwether.supplier where external_id = any(${sql.param([...mergedIds])}::text[])`,
  );
  const numbers = rows.map(({ number }) => number);
  if (!run) return [];
  const [scores, suppliers] = await Promise.all([
    readScores(db, run, numbers),
    readSuppliers(db, numbers, { modelName: "", withIdentifiers: false, withMerges: false, labelTexts }),
  ]);
  const byId = new Map([...suppliers.values()].map((supplier) => [supplier.supplierId, supplier]));
  return mergedIds.flatMap((scoredSupplierId) => {
    const supplier = byId.get(scoredSupplierId);
    const row = supplier && scores.get(supplier.number);
    return row ? [{ ...scoreOf(row, run, supplier.exposure), scoredSupplierId }] : [];
  });
}
