import assert from "node:assert/strict";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

/** Rows of a chunk: few, because the tests are about the number of chunks and not about their size. */
export const CHUNK_ROWS = 500;
/** The rows of a week: five chunks, the last of them short, and seven rows whose delay is not a number. */
export const ROWS = { read: 2_450, scored: 2_443, rejected: 7 } as const;

/** Where a run leaves its results. */
export interface RunTraces {
  readonly isoWeek: string;
  /** Prefix of the supplier ids of the run. */
  readonly prefix: string;
  /** URL of ops-service's gRPC listener. */
  readonly ops: string;
  readonly databaseUrl: string;
  /** Number of suppliers in each chunk but the last one. */
  readonly chunkRows: number;
  /** Text of report.csv. */
  readonly report: string;
}

/**
 * Asserts that a run is complete, that it scored every supplier and raised every alert exactly once, and that
 * the audit chain holds. Returns a digest of the scores, and of the alerts with their suppliers.
 */
export async function assertRun({ isoWeek, prefix, ops, databaseUrl, chunkRows, report }: RunTraces): Promise<string> {
  const ids = report
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",", 1)[0]);
  assert.deepEqual([ids.length, new Set(ids).size], [ROWS.scored, ROWS.scored], "suppliers in report.csv");

  const transport = createGrpcTransport({ baseUrl: ops });
  const { run } = await createClient(BatchService, transport).getRun({ isoWeek });
  const { state, failure, rowsRead, rowsScored, rowsRejected } = run ?? {};
  assert.deepEqual(
    { state, failure, rowsRead, rowsScored, rowsRejected, chunkRows: run?.chunkRows },
    {
      ...{ state: RunState.COMPLETE, failure: "", rowsRead: BigInt(ROWS.read), rowsScored: BigInt(ROWS.scored) },
      ...{ rowsRejected: BigInt(ROWS.rejected), chunkRows },
    },
  );
  const runId = run?.runId ?? 0;
  const audit = createClient(AuditService, transport);
  assert.ok((await audit.verifyChain({})).holds, "the audit chain holds");
  const completed = await audit.queryEvents({ kind: "run.completed", subject: `run/${runId}` });
  assert.equal(completed.records.length, 1, "events of the completion");
  assert.ok((run?.alertsRaised ?? 0) > 0, "alerts were raised");
  const counted = { alerts: run?.alertsRaised ?? 0, chunks: Math.ceil(ROWS.scored / chunkRows) };
  return await assertTables(databaseUrl, runId, prefix, counted);
}

async function assertTables(
  databaseUrl: string,
  runId: number,
  prefix: string,
  { alerts, chunks }: { readonly alerts: number; readonly chunks: number },
): Promise<string> {
  const pool = await openPostgres(databaseUrl, { max: 1 });
  try {
    const {
      rows: [counts],
    } = await pool.query<Record<string, number>>(
      `select
        (select count(*)::int from bellwether.score where run = $1) as scores,
        (select count(distinct supplier)::int from bellwether.score where run = $1) as scored,
        (select count(*)::int from bellwether.supplier where starts_with(external_id, $2)) as suppliers,
        (select count(*)::int from bellwether.score_chunk where run = $1) as chunks,
        (select count(*)::int from bellwether.alert where raised_run_id = $1) as alerts,
        (select count(*)::int from bellwether.alert_event e join bellwether.alert a on a.id = e.alert_id where a.raised_run_id = $1) as events`,
      [runId, prefix],
    );
    const { scored } = ROWS;
    assert.deepEqual(counts, { scores: scored, scored, suppliers: scored, chunks, alerts, events: alerts });
    const {
      rows: [scores],
    } = await pool.query<{ digest: string }>(
      `select md5(string_agg(concat_ws(' ', substr(u.external_id, length($2) + 1), s.p, s.impact, encode(s.top, 'hex')), ',' order by u.external_id)) as digest
       from bellwether.score s join bellwether.supplier u on u.id = s.supplier where s.run = $1`,
      [runId, prefix],
    );
    const {
      rows: [raised],
    } = await pool.query<{ digest: string }>(
      `select md5(string_agg(concat_ws(' ', substr(u.external_id, length($2) + 1), a.rule_id, a.state, a.severity), ',' order by u.external_id, a.rule_id)) as digest
       from bellwether.alert a join bellwether.supplier u on u.id = a.supplier_id where a.raised_run_id = $1`,
      [runId, prefix],
    );
    return `${scores?.digest} ${raised?.digest}`;
  } finally {
    await pool.close();
  }
}
