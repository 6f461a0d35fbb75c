import { randomUUID } from "node:crypto";
import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { DriftOutcome, DriftReference, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { OutcomeSource, OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import type { Retrain } from "@bellwether/gen/bellwether/schedule/v1/retrain_pb";
import { readChunks } from "@bellwether/ingest/snapshot/snapshot-chunks";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { DAY_MS, type VendorLabel } from "./deliveries.ts";
import type { LoopMesh } from "./loop-mesh.ts";
import { MODEL, until } from "./until.ts";

/** The features of the vendors of a month, as columns. */
export interface MonthRows {
  readonly vendors: readonly string[];
  readonly numbers: ReadonlyMap<string, Float64Array>;
}

/** What happened in one month. */
export interface Month {
  readonly isoWeek: string;
  /** Version that scored. */
  readonly version: string;
  readonly rows: MonthRows;
  readonly alertsRaised: number;
  /** Features with a drift alarm against the training rows, and against the month before. */
  readonly driftFromTraining: readonly string[];
  readonly driftFromBefore: readonly string[];
  /** Outcomes that became known and were recorded. */
  readonly outcomes: number;
  /** A retrain that ended after the month's run. Null: none was due. */
  readonly retrain: Retrain | null;
  /** Why none was due. Empty: one was. */
  readonly waits: string;
}

const HOUR_MS = 3_600_000;
/** Rows of a request to RecordOutcomes. */
const RECORDED = 1_000;
/** Why a month is published although a check of its input fails. */
const ACCEPTED = "replay of a past month, whose file is complete";

/** Records outcomes that have become known. */
async function record({ outcomes }: LoopMesh, labels: readonly VendorLabel[]): Promise<void> {
  for (let i = 0; i < labels.length; i += RECORDED) {
    const rows = labels.slice(i, i + RECORDED).map(({ vendor, isoWeek, isLate, knownDay }) => ({
      ...{ supplierId: vendor, isoWeek, knownOn: new Date(knownDay * DAY_MS).toISOString().slice(0, 10) },
      value: isLate ? OutcomeValue.OCCURRED : OutcomeValue.NOT_OCCURRED,
    }));
    const request = { requestId: randomUUID(), modelName: MODEL, rows, source: OutcomeSource.FILE };
    const { rejected, violations } = await outcomes.recordOutcomes(request);
    if (rejected > 0) throw new Error(`${rejected} outcomes are rejected: ${violations[0]?.reason}`);
  }
}

/**
 * Sets the clock to the Monday after a week, records what is known by then, runs the week, and waits for the retrain if one is due.
 * @param known labels that have become known since the month before
 */
export async function replayMonth(mesh: LoopMesh, isoWeek: string, known: readonly VendorLabel[]): Promise<Month> {
  const { clock, schedule, batch, weeksFolder } = mesh;
  clock.now = new Date(mondayAfter(isoWeek) + 6 * HOUR_MS);
  await record(mesh, known);
  const { jobId } = await schedule.triggerRun({ scheduleId: "weekly", isoWeek, acceptLosses: ACCEPTED });
  for await (const { state, failure } of schedule.watchProgress({ jobId }))
    if (state !== RunState.RUNNING && state !== RunState.COMPLETE && state !== RunState.UNSPECIFIED)
      throw new Error(`${isoWeek} is not complete: ${failure}`);
  const { run } = await batch.getRun({ isoWeek, modelName: MODEL });
  if (run?.state !== RunState.COMPLETE) throw new Error(`${isoWeek} is not complete`);
  const alarms = (reference: DriftReference): string[] =>
    run.drift
      .filter(({ comparisons }) =>
        comparisons.some((one) => one.reference === reference && one.outcome === DriftOutcome.ALARM),
      )
      .map(({ feature }) => feature);
  const { retrain, waits } = await dueRetrain(mesh);
  return {
    ...{ isoWeek, version: run.model?.version ?? "", alertsRaised: run.alertsRaised, outcomes: known.length },
    ...{ driftFromTraining: alarms(DriftReference.TRAINING), driftFromBefore: alarms(DriftReference.PREVIOUS_WEEK) },
    ...{ rows: await readRows(`${weeksFolder}/${MODEL}/${isoWeek}/snapshot.parquet`), retrain, waits },
  };
}

/** Returns the first moment after a week, epoch milliseconds. */
export const mondayAfter = (isoWeek: string): number => Date.parse(isoWeekEnd(isoWeek)) + DAY_MS;

/** Waits for a check of the scheduler that knows the run, and for the end of the retrain that was due in this month. */
async function dueRetrain({ clock, schedule }: LoopMesh): Promise<Pick<Month, "retrain" | "waits">> {
  const sinceMs = clock.now.getTime();
  clock.now = new Date(sinceMs + HOUR_MS);
  return until("a check whether a retrain is due", async () => {
    const { checkedAt, due, waits, retrains } = await schedule.getRetrain({});
    // While a retrain is under way, nothing is checked.
    if (checkedAt === undefined || timestampMs(checkedAt) < sinceMs + HOUR_MS) return null;
    const [newest] = retrains;
    if (newest?.beganAt === undefined || timestampMs(newest.beganAt) < sinceMs)
      return due === "" ? { retrain: null, waits } : null;
    return newest.endedAt === undefined ? null : { retrain: newest, waits: "" };
  });
}

async function readRows(parquet: string): Promise<MonthRows> {
  const vendors: string[] = [];
  const numbers = new Map<string, number[]>();
  for await (const chunk of readChunks(parquet)) {
    vendors.push(...chunk.supplierIds);
    for (const [name, values] of chunk.numbers) numbers.set(name, [...(numbers.get(name) ?? []), ...values]);
  }
  return { vendors, numbers: new Map([...numbers].map(([name, values]) => [name, Float64Array.from(values)])) };
}
