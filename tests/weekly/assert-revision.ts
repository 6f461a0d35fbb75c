import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ROWS, type RunTraces } from "./assert-run.ts";

/** What readers see of a week. */
export interface ServedWeek {
  /** Id of the complete run. Null: no run of the week is complete. */
  readonly runId: number | null;
  /** Number and digest of its scores. */
  readonly scores: string;
  /** Digest of the alerts about the suppliers of the week, with their state and severity. */
  readonly alerts: string;
}

/** Reads what readers see of a week, also while a transaction waits at a gate. */
export async function readServed({
  databaseUrl,
  isoWeek,
  prefix,
}: Pick<RunTraces, "databaseUrl" | "isoWeek" | "prefix">): Promise<ServedWeek> {
  const [served] = await rowsOf<ServedWeek>(
    databaseUrl,
    `with served as (select id from bellwether.run where iso_week = $1 and state = 'complete')
     select (select id from served) as "runId",
       (select concat_ws(' ', count(*), count(distinct u.id),
          md5(string_agg(concat_ws(' ', u.external_id, s.p, s.impact, encode(s.top, 'hex')), ',' order by u.external_id)))
        from bellwether.score s join bellwether.supplier u on u.id = s.supplier
        where s.run = (select id from served)) as scores,
       (select concat_ws(' ', count(*), md5(string_agg(
          concat_ws(' ', u.external_id, a.rule_id, a.dimension, a.state, a.severity, a.disposition, a.risk_score), ','
          order by u.external_id, a.rule_id, a.dimension)))
        from bellwether.alert a join bellwether.supplier u on u.id = a.supplier_id
        where starts_with(u.external_id, $2)) as alerts`,
    [isoWeek, prefix],
  );
  if (served === undefined) throw new Error("the query has no row");
  return served;
}

/** Where a revision leaves its results, with the run that it replaced. */
export interface RevisionTraces extends Omit<RunTraces, "report" | "chunkRows"> {
  readonly supersededRunId: number;
  /** Texts of report.csv and report.json. */
  readonly reportCsv: string;
  readonly reportJson: string;
}

/**
 * Asserts that the newest run of the week is a complete revision: it has scored every supplier and recorded every change of
 * an alert exactly once, and its files are those of this run. Returns a text of its results that is the same for each
 * revision with the same file after the same other file.
 */
export async function assertRevision(traces: RevisionTraces): Promise<string> {
  const { isoWeek, prefix, ops, databaseUrl, supersededRunId, reportCsv, reportJson } = traces;
  const transport = createGrpcTransport({ baseUrl: ops });
  const batch = createClient(BatchService, transport);
  const { run } = await batch.getRun({ isoWeek });
  const { state, failure, rowsRead, rowsScored, rowsRejected, supersedesRunId, runId = 0, changes } = run ?? {};
  assert.deepEqual(
    { state, failure, supersedesRunId, rowsRead, rowsScored, rowsRejected },
    {
      ...{ state: RunState.COMPLETE, failure: "", supersedesRunId: supersededRunId },
      ...{ rowsRead: BigInt(ROWS.read), rowsScored: BigInt(ROWS.scored), rowsRejected: BigInt(ROWS.rejected) },
    },
  );
  const { run: old } = await batch.getRun({ runId: supersededRunId });
  assert.deepEqual([old?.state, old?.supersededByRunId], [RunState.SUPERSEDED, runId], "the earlier revision");

  const audit = createClient(AuditService, transport);
  assert.ok((await audit.verifyChain({})).holds, "the audit chain holds");
  for (const [kind, subject] of [
    ["run.supersede_requested", supersededRunId],
    ["run.superseded", supersededRunId],
    ["run.completed", runId],
  ] as const) {
    const { records } = await audit.queryEvents({ kind, subject: `run/${subject}` });
    assert.equal(records.length, 1, `events ${kind}`);
  }

  const served = await readServed({ databaseUrl, isoWeek, prefix });
  assert.deepEqual(
    [served.runId, served.scores.split(" ").slice(0, 2)],
    [runId, [String(ROWS.scored), String(ROWS.scored)]],
    "scores and scored suppliers",
  );
  const doubled = await rowsOf(
    databaseUrl,
    `select e.alert_id from bellwether.alert_event e join bellwether.alert a on a.id = e.alert_id
       join bellwether.supplier u on u.id = a.supplier_id
     where e.run_id is not null and starts_with(u.external_id, $1)
     group by e.alert_id, e.run_id, e.kind having count(*) > 1`,
    [prefix],
  );
  assert.deepEqual(doubled, [], "alerts with two entries of the same kind by one run");

  assert.equal(JSON.parse(reportJson).run_id, runId, "the run of report.json");
  const ids = reportCsv.trimEnd().split("\n").slice(1);
  assert.equal(ids.length, ROWS.scored, "suppliers in report.csv");
  const counts = [changes?.scoresChanged, changes?.alertsRaised?.count, changes?.alertsCleared?.count];
  const csvDigest = createHash("sha256").update(reportCsv).digest("hex");
  return [served.scores, served.alerts, csvDigest, ...counts, changes?.alertsChanged?.count].join(" ");
}

async function rowsOf<Row extends object>(
  databaseUrl: string,
  query: string,
  values: readonly string[],
): Promise<Row[]> {
  const pool = await openPostgres(databaseUrl, { max: 1 });
  try {
    return (await pool.query<Row>(query, [...values])).rows;
  } finally {
    await pool.close();
  }
}
