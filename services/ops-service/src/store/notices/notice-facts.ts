import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { NoticeEvent } from "../../domain/notices/notice-event.ts";
import type { NoticeRun, NoticeSupplier } from "../../domain/notices/notice-item.ts";
import type { ImpactFormula } from "../../domain/scores/expected-impact.ts";
import { alertReasons, type ExplainedReason, explainScore } from "../../domain/scores/explain-score.ts";
import type { Db } from "../database.ts";
import { readStoredScores, scoreKey } from "../scores/stored-scores.ts";

/** What notices say about the suppliers of some events. */
export interface NoticeFacts {
  supplierOf(event: NoticeEvent): NoticeSupplier | undefined;
  runOf(event: NoticeEvent): NoticeRun | undefined;
  /** The reasons that increased the score most. Empty: the explanation of the run is not stored any more. */
  reasonsOf(event: NoticeEvent): readonly ExplainedReason[];
}

/** Reads suppliers, runs and reasons of events. */
export async function readNoticeFacts(db: Db, events: readonly NoticeEvent[]): Promise<NoticeFacts> {
  const suppliers = await readSuppliers(db, [...new Set(events.map(({ supplierId }) => supplierId))]);
  const runs = await readRuns(db, [...new Set(events.map(({ runId }) => runId))]);
  const keyOf = ({ runId, supplierId }: NoticeEvent) => ({ runId, supplier: supplierId });
  const unique = new Map(events.map((event) => [scoreKey(keyOf(event)), keyOf(event)]));
  const scores = await readStoredScores(db, [...unique.values()]);
  return {
    supplierOf: ({ supplierId }) => suppliers.get(supplierId),
    runOf: ({ runId }) => runs.get(runId),
    reasonsOf(event) {
      const stored = scores.get(scoreKey(keyOf(event)));
      return stored ? alertReasons(explainScore(stored)) : [];
    },
  };
}

async function readSuppliers(db: Db, ids: readonly number[]): Promise<ReadonlyMap<number, NoticeSupplier>> {
  const { rows } = await db.execute<NoticeSupplier & { readonly id: number } & Record<string, unknown>>(sql`
    select u.id, u.external_id as "externalId", u.name, u.owner, u.exposure, u.exposure_currency as "exposureCurrency",
      coalesce((select value from bellwether.label where id = u.region_id), '') as region,
      coalesce((select value from bellwether.label where id = u.category_id), '') as category
    from bellwether.supplier u where u.id = any(${sql.param([...ids])}::int[])`);
  return new Map(rows.map((row) => [row.id, row]));
}

async function readRuns(db: Db, ids: readonly number[]): Promise<ReadonlyMap<number, NoticeRun>> {
  const { rows } = await db.execute<{
    id: number;
    isoWeek: string;
    modelName: string;
    formula: ImpactFormula | null;
  }>(sql`
    select id, iso_week as "isoWeek", model_name as "modelName", impact_formula as formula
    from bellwether.run where id = any(${sql.param([...ids])}::int[])`);
  return new Map(rows.map((row) => [row.id, row]));
}
