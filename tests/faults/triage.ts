import { AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertOrder, AlertService, AlertTab } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { testChunk } from "../../services/ops-service/test/ops-harness.ts";
import { atLeast, atMost, type Scenario } from "./harness.ts";

const SUPPLIERS = 100_000;
const CHUNK_ROWS = 8_000;
const CALLERS = 12;
const MIN_CALLS = 1_000;
/** Number of runs that complete while the callers work. */
const RUNS = { whole: 6, quick: 2 };

/**
 * Twelve callers triage and list alerts without a pause, while runs of 100,000 suppliers complete, one after the
 * other. Measures the time of each call. A call that finds another version of its alert reads the alert again,
 * as a person would; every other error counts as failed.
 */
export const triage: Scenario = async (quick) => {
  await using cluster = await startPostgresCluster();
  await using ops = await startService("ops-service", { DATABASE_URL: await cluster.createDatabase() });
  const clientOf = () => createClient(AlertService, createGrpcTransport({ baseUrl: ops.grpc }));
  const batch = createClient(BatchService, createGrpcTransport({ baseUrl: ops.grpc }));
  await completeWeek(batch, 0);
  const calls: Call[] = [];
  const completeMs: number[] = [];
  let isOver = false;
  const callers = Array.from({ length: CALLERS }, (_, i) =>
    work(
      clientOf(),
      i,
      (call) => calls.push(call),
      () => isOver,
    ),
  );
  for (let week = 1; week <= (quick ? RUNS.quick : RUNS.whole) || calls.length < MIN_CALLS; week++)
    completeMs.push(await completeWeek(batch, week));
  isOver = true;
  await Promise.all(callers);
  const took = (which: readonly Call[], share: number): number => {
    const sorted = which.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  };
  const decisions = calls.filter(({ isDecision }) => isDecision);
  const lists = calls.filter(({ isDecision }) => !isDecision);
  const failed = calls.flatMap(({ failure }) => failure ?? []);
  for (const failure of new Set(failed))
    console.log(`triage: ${failed.filter((other) => other === failure).length} calls ended with ${failure}`);
  return [
    atLeast("triage.calls", calls.length, "calls", MIN_CALLS),
    atLeast("triage.decisions", decisions.length, "calls", MIN_CALLS / 4),
    atMost("triage.p50", took(calls, 0.5), "ms", 300, 100),
    atMost("triage.p99", took(calls, 0.99), "ms", 300, 100),
    atMost("triage.list_p99", took(lists, 0.99), "ms", 300, 100),
    atMost("triage.decision_p99", took(decisions, 0.99), "ms", 300, 100),
    atMost("triage.max", took(calls, 1), "ms", 2_000, 300),
    atMost("triage.failed", failed.length, "calls", 0),
    atMost("triage.complete_max", Math.max(...completeMs), "ms", 60_000, 10_000),
  ];
};

interface Call {
  readonly tookMs: number;
  readonly isDecision: boolean;
  /** Code and reason. Undefined: the call succeeded, or found another version. */
  readonly failure: string | undefined;
}

/** Lists and decides until it is over. */
async function work(
  client: Client<typeof AlertService>,
  caller: number,
  record: (call: Call) => void,
  isOver: () => boolean,
): Promise<void> {
  const timed = async <T>(isDecision: boolean, call: () => Promise<T>): Promise<T | undefined> => {
    const start = performance.now();
    try {
      const answer = await call();
      record({ tookMs: performance.now() - start, isDecision, failure: undefined });
      return answer;
    } catch (error) {
      const failed = ConnectError.from(error);
      const reason = failed.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
      const failure = failed.code === Code.Aborted ? undefined : `${Code[failed.code]} ${reason}`;
      record({ tookMs: performance.now() - start, isDecision, failure });
      return undefined;
    }
  };
  const owner = `caller-${caller}`;
  for (let round = caller; !isOver(); round++) {
    const filter = LISTS[round % LISTS.length] ?? {};
    const list = await timed(false, () => client.listAlerts({ ...filter, pageSize: 20 }));
    const alert = list?.alerts[(round * 7) % (list.alerts.length || 1)];
    if (!alert) continue;
    const target = { alertId: alert.alertId, version: alert.version };
    const decide = (): Promise<unknown> => {
      if (alert.state === AlertState.RESOLVED) return client.reopenAlert(target);
      if (round % 5 === 0) return client.resolveAlert({ ...target, disposition: Disposition.MITIGATED });
      if (round % 5 === 1 && alert.state === AlertState.OPEN) return client.acknowledgeAlert(target);
      if (round % 5 === 2) return client.snoozeAlert({ ...target, untilWorse: alert.snooze === undefined });
      if (round % 5 === 3) return client.commentOnAlert({ ...target, comment: `round ${round}` });
      return client.assignAlert({ ...target, owner: alert.owner === owner ? "" : owner });
    };
    await timed(true, decide);
  }
}

const LISTS = [
  {},
  { tab: AlertTab.NEW },
  { order: AlertOrder.EXPECTED_IMPACT },
  { tab: AlertTab.WORSE, order: AlertOrder.SCORE_CHANGE },
  { text: "S-0001" },
  { tab: AlertTab.DECIDED },
];

/** Submits and completes a week; returns the milliseconds that completing it took. */
async function completeWeek(batch: Client<typeof BatchService>, week: number): Promise<number> {
  const isoWeek = `${2001 + Math.floor(week / 52)}-W${String((week % 52) + 1).padStart(2, "0")}`;
  const { lease } = await batch.startRun({ isoWeek, modelName: "supplier-risk", holder: "triage" });
  const chunks = Math.ceil(SUPPLIERS / CHUNK_ROWS);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const rows = Array.from({ length: Math.min(CHUNK_ROWS, SUPPLIERS - chunk * CHUNK_ROWS) }, (_, i) => {
      const number = chunk * CHUNK_ROWS + i;
      return { id: `S-${String(number).padStart(6, "0")}`, score: scoreOf(number, week), exposure: 1 + (number % 997) };
    });
    await batch.submitChunk(testChunk(lease, chunk, rows), { timeoutMs: 60_000 });
  }
  const start = performance.now();
  const totals = { rowsRead: BigInt(SUPPLIERS), rowsRejected: 0n, chunksTotal: chunks };
  await batch.completeRun({ ...(lease && { lease }), ...totals }, { timeoutMs: 120_000 });
  return performance.now() - start;
}

/** A score that changes a little from week to week: some 2 % of the suppliers are critical. */
function scoreOf(supplier: number, week: number): number {
  const base = ((supplier * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
  const moved = base + 0.01 * Math.sin(supplier + week);
  return Math.min(1, Math.max(0, moved)) ** 8;
}
