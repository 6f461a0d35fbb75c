import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { BacktestReader, BacktestRun } from "../../domain/backtest/backtest-rules.ts";
import type { RecordedEvent } from "../../domain/backtest/recorded-alerts.ts";
import type { WeekScores } from "../../domain/backtest/rule-memory.ts";
import { suppliersOf } from "../alerts/suppliers-of-scope.ts";
import type { Db } from "../database.ts";
import { readLabelSources } from "../outcomes/label-sources.ts";
import { NOT_EXPIRED } from "../scores/expired-runs.ts";
import { scoresOf } from "../scores/score-rows.ts";

/** Maximum number of events of alerts that a back-test reads. */
const MAX_EVENTS = 1_000_000;

/** Creates the functions that read what a back-test needs. */
export function createBacktestReader(db: Db): BacktestReader {
  return {
    async runs({ modelName, fromWeek, toWeek }, earlier) {
      const { rows } = await db.execute<BacktestRun & { isStored: boolean } & Record<string, unknown>>(sql`
        with runs as (
          select r.id as "runId", r.iso_week as "isoWeek", r.input_digest as "inputDigest", r.source_digest as "sourceDigest",
            (extract(epoch from r.completed_at) * 1e3)::float8 as "completedMs",
            ${NOT_EXPIRED} and to_regclass('bellwether.score_r' || r.id) is not null as "isStored"
          from bellwether.run r
          where r.model_name = ${modelName} and r.state = 'complete' and r.iso_week <= ${toWeek}
        ), before as (
          select * from runs where "isoWeek" < ${fromWeek} and "isStored" order by "isoWeek" desc limit ${earlier}
        )
        select * from before union all select * from runs where "isoWeek" >= ${fromWeek} order by "isoWeek"`);
      const stored = rows.filter(({ isStored }) => isStored);
      return { runs: stored.map(({ isStored: _, ...run }) => run), leftOut: rows.length - stored.length };
    },
    scores: (runId) => readWeek(db, runId),
    async suppliersIn(scope) {
      const { rows } = await db.execute<{ id: number }>(suppliersOf(scope));
      return new Set(rows.map(({ id }) => id));
    },
    sources: ({ modelName, knownOn }, runs) => readLabelSources(db, { modelName, knownOn }, runs),
    async alertEvents({ modelName }) {
      const { rows } = await db.execute<RecordedEvent & Record<string, unknown>>(sql`
        select e.alert_id as "alertId", a.supplier_id as "supplierId", a.rule_id as "ruleId", e.kind::text as kind, e.run_id as "runId",
          (extract(epoch from e.occurred_at) * 1e3)::float8 as "occurredMs"
        from bellwether.alert_event e join bellwether.alert a on a.id = e.alert_id
        where a.model_name = ${modelName} and e.kind in ('raised', 'reopened', 'resolved')
        order by e.alert_id, e.id limit ${MAX_EVENTS}`);
      return rows;
    },
    async externalIds(suppliers) {
      if (suppliers.length === 0) return new Map();
      const { rows } = await db.execute<{ id: number; externalId: string }>(sql`
        select id, external_id as "externalId" from bellwether.supplier
        where id = any(${sql.param([...suppliers])}::int[])`);
      return new Map(rows.map(({ id, externalId }) => [id, externalId]));
    },
  };
}

/**
 * Reads the scores of a run. The answer of the database is one value per column, because decoding each field of a
 * hundred thousand rows takes longer than the query.
 */
async function readWeek(db: Db, runId: number): Promise<WeekScores> {
  const { rows } = await db.execute<{ suppliers: Buffer | null; scores: Buffer | null; impacts: Buffer | null }>(sql`
    select string_agg(int4send(s.supplier), ''::bytea) as suppliers, string_agg(float8send(s.p), ''::bytea) as scores,
      string_agg(float8send(s.impact), ''::bytea) as impacts
    from ${scoresOf(runId)} s where s.p is not null`);
  const { suppliers, scores, impacts } = rows[0] ?? {};
  return { suppliers: int32s(suppliers), scores: float64s(scores), impacts: float64s(impacts) };
}

/** Converts big-endian bytes of the database. They are copied, because they can begin at any offset. */
function int32s(bytes: Buffer | null | undefined): Int32Array {
  const copy = new Uint8Array(bytes ?? []);
  Buffer.from(copy.buffer).swap32();
  return new Int32Array(copy.buffer);
}

function float64s(bytes: Buffer | null | undefined): Float64Array {
  const copy = new Uint8Array(bytes ?? []);
  Buffer.from(copy.buffer).swap64();
  return new Float64Array(copy.buffer);
}
