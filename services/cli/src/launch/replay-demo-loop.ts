import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { type BatchRun, DriftOutcome, DriftReference, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { OutcomeSource, OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { OutcomeService } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { GateVerdict } from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import { type Retrain, RetrainOutcome } from "@bellwether/gen/bellwether/schedule/v1/retrain_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { countText } from "@bellwether/reasons/count-text";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { enumWord } from "../output/enum-word.ts";
import { DEMO_HORIZON_DAYS, type DemoLoop, type DemoLoopWeek, isKnown } from "./demo-loop.ts";
import { type FirstWeekPeers, runWeek } from "./first-week.ts";

/** Rows of a request to RecordOutcomes: its largest number. What a request costs hardly depends on it. */
const RECORDED = 1_000;
const REPEAT_MS = 60_000;
const LOOK_MS = 250;
/** Longest time for a retrain of the demo, ms. */
const RETRAIN_MS = 120_000;
/** Longest time until ml-service serves a new champion, ms. */
const SWAP_MS = 30_000;

export interface ReplayOptions {
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
  /** Publishes a scorecard, with which the performance of the weeks is compared, and returns its version. */
  readonly publishScorecard: () => Promise<string>;
}

/**
 * Replays the weeks of the demo: all but the last one are run and their outcomes recorded, so that the drift starts a retrain; the last week
 * is run after the retrain. Each step is said in one line. Weeks that were replayed by an earlier start are not replayed again.
 * @throws FirstWeekError, ConnectError
 */
export async function replayDemoLoop(
  { weeks }: DemoLoop,
  peers: FirstWeekPeers,
  { say, signal, publishScorecard }: ReplayOptions,
): Promise<void> {
  using ops = createMeshTransport({ url: peers.opsUrl, ...peers.calls });
  using scheduler = createMeshTransport({ url: peers.schedulerUrl, ...peers.calls });
  const batch = createClient(BatchService, ops);
  const run = async ({ isoWeek }: DemoLoopWeek): Promise<void> => {
    await runWeek(isoWeek, peers, signal);
    const { run: found } = await batch.getRun({ isoWeek, modelName: peers.modelName }, { signal });
    say(weekText(isoWeek, found));
  };
  const present = weeks.at(-1);
  const before = weeks.at(-2);
  if (present === undefined || before === undefined) return;
  const { runs } = await batch.listRuns({ pageSize: 1 }, { signal });
  if (runs.length > 0) {
    say("the weeks were replayed before; remove the folder demo-weeks of the data folder to replay them again");
    return;
  }
  say(`published the scorecard ${await publishScorecard()}: the page Performance shows it beside the model`);
  for (const week of weeks.slice(0, -2)) await run(week);
  const known = weeks.slice(0, -2).filter(({ isoWeek }) => isKnown(isoWeek, new Date()));
  for (const week of known) await record(ops, week, peers.modelName, signal);
  say(
    `outcomes of ${countText(known.length, "week")} are recorded: known ${DEMO_HORIZON_DAYS} days after the end of a week`,
  );
  // The end of this run makes the scheduler check whether a retrain is due.
  await run(before);
  const retrain = await endOfRetrain(scheduler, signal);
  say(
    retrain === null
      ? "no retrain was started in two minutes; npx bellwether retrain status says why"
      : retrainText(retrain),
  );
  if (retrain?.outcome === RetrainOutcome.PUBLISHED) say(await promotionText(ops, retrain, signal));
  await run(present);
}

async function record(ops: Transport, week: DemoLoopWeek, modelName: string, signal: AbortSignal): Promise<void> {
  const outcomes = createClient(OutcomeService, ops);
  const known = Date.parse(isoWeekEnd(week.isoWeek)) + (DEMO_HORIZON_DAYS + 1) * 86_400_000;
  const knownOn = new Date(known).toISOString().slice(0, 10);
  for (let i = 0; i < week.suppliers.length; i += RECORDED) {
    const rows = week.suppliers.slice(i, i + RECORDED).map((supplierId) => ({
      ...{ supplierId, isoWeek: week.isoWeek, knownOn },
      value: week.failing.has(supplierId) ? OutcomeValue.OCCURRED : OutcomeValue.NOT_OCCURRED,
    }));
    const request = { requestId: randomUUID(), modelName, rows, source: OutcomeSource.FILE };
    await repeated(() => outcomes.recordOutcomes(request, { signal }));
  }
}

/** Errors of a busy machine: the same request may succeed later, and is stored once. */
const PASSING: ReadonlySet<Code> = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted]);

/** Repeats a call for a minute while the service is busy. @throws ConnectError */
async function repeated<T>(call: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + REPEAT_MS; ; await pause(LOOK_MS)) {
    try {
      return await call();
    } catch (error) {
      if (!PASSING.has(ConnectError.from(error).code) || Date.now() > end) throw error;
    }
  }
}

/** Waits for the end of the newest retrain. Null: none was started in time. */
async function endOfRetrain(scheduler: Transport, signal: AbortSignal): Promise<Retrain | null> {
  const schedules = createClient(ScheduleService, scheduler);
  for (const end = Date.now() + RETRAIN_MS; Date.now() < end; await pause(LOOK_MS, undefined, { signal })) {
    const [newest] = (await schedules.getRetrain({}, { signal })).retrains;
    if (newest?.endedAt !== undefined) return newest;
  }
  return null;
}

/** Returns what the promotion gate has decided about a version. Waits until ml-service serves a new champion. */
async function promotionText(ops: Transport, { version }: Retrain, signal: AbortSignal): Promise<string> {
  const models = createClient(ModelRegistryService, ops);
  const { result } = await repeated(() => models.getGateResult({ version }, { signal }));
  if (result === undefined) return `promotion gate: no result about ${version}`;
  const { verdict, champion, checks, decision } = result;
  const auc = checks.find(({ name }) => name === "auc");
  const found = `promotion gate: ${enumWord(GateVerdict, verdict)} against ${champion}, ${auc?.reason ?? "AUC not compared"}`;
  if (!decision?.isApproved) return `${found}; a person decides on the page Models`;
  for (const end = Date.now() + SWAP_MS; Date.now() < end; await pause(LOOK_MS, undefined, { signal })) {
    const { servedVersion } = await repeated(() => models.getReplicaStatus({}, { signal }));
    if (servedVersion === version) return `${found}; ${version} is the champion`;
  }
  return `${found}; ${version} is the champion, and ml-service does not serve it yet: npx bellwether models served`;
}

function weekText(isoWeek: string, run: BatchRun | undefined): string {
  if (run?.state !== RunState.COMPLETE) return `${isoWeek} is not complete; see npx bellwether weekly status`;
  const drifted = run.drift.filter(({ comparisons }) =>
    comparisons.some(
      ({ reference, outcome }) => reference === DriftReference.TRAINING && outcome === DriftOutcome.ALARM,
    ),
  );
  return `${isoWeek}: ${run.rowsScored} suppliers scored by ${run.model?.version}, ${countText(run.alertsRaised, "alert")} raised, ${countText(drifted.length, "drift alarm")} against the training rows`;
}

function retrainText({ outcome, version, alias, reason, failure, auc }: Retrain): string {
  if (outcome !== RetrainOutcome.PUBLISHED)
    return `retrain because ${reason}: ${failure || "the same files as before"}`;
  const named = alias === "" ? "without an alias" : `as ${alias}`;
  return `retrain because ${reason}: ${version} is published ${named}, AUC ${auc?.toFixed(3)} on the newest weeks`;
}
