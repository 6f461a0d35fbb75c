import { setTimeout as delay } from "node:timers/promises";
import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { createMeshTransport, type MeshTransportOptions } from "@bellwether/mesh/client/mesh-transport";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { showProgress } from "../output/report.ts";

/** URLs of the peers and settings of the calls. */
export interface FirstWeekPeers {
  readonly opsUrl: string;
  readonly schedulerUrl: string;
  /** Name of the model that the weekly run belongs to. */
  readonly modelName: string;
  readonly calls: Pick<MeshTransportOptions, "tls" | "token" | "allowCleartext">;
}

/** The weekly run failed and will not be continued. */
export class FirstWeekError extends Error {
  override readonly name = "FirstWeekError" as const;
}

/** The latest weekly run when a start is over. */
export interface FirstWeek {
  /** Null: there is none. */
  readonly run: BatchRun | null;
  /** Whether the run was complete before the start. False: this start has run the week, or the run is not complete. */
  readonly wasComplete: boolean;
}

/**
 * Returns the latest weekly run of the model. If there is none, runs `week` on the scheduler's own input
 * file; if the latest was interrupted, runs its week again. A voided week is not run again, nor is one that has not
 * begun, which a person has forced.
 * @throws FirstWeekError, ConnectError when a peer rejects the call
 */
export async function ensureWeek(week: string, peers: FirstWeekPeers, signal: AbortSignal): Promise<FirstWeek> {
  using ops = createMeshTransport({ url: peers.opsUrl, ...peers.calls });
  const ledger = createClient(BatchService, ops);
  const latest = () =>
    ledger.getRun({ modelName: peers.modelName }, { signal }).then(
      ({ run }) => run ?? null,
      (error: unknown) => {
        if (ConnectError.from(error).code === Code.NotFound) return null;
        throw error;
      },
    );
  const before = await latest();
  if (before?.state === RunState.COMPLETE) return { run: before, wasComplete: true };
  // A week that a person has withdrawn is run again by a person.
  if (before?.state === RunState.VOIDED) return { run: before, wasComplete: false };
  try {
    await runWeek(before?.isoWeek ?? week, peers, signal);
  } catch (error) {
    if (before === null || !isFutureWeek(error)) throw error;
  }
  return { run: await latest(), wasComplete: false };
}

const isFutureWeek = (error: unknown): boolean =>
  error instanceof ConnectError && error.findDetails(ErrorInfoSchema).some(({ reason }) => reason === "FUTURE_WEEK");

/** The scheduler may have called ops-service before ops-service listened. It calls again within seconds. */
const LOOKS_AGAIN_MS = 20_000;
const PAUSE_MS = 100;
/**
 * Time without a message after which a watch counts as broken. A working watch sends a message every 20 s or
 * more often.
 */
const SILENT_MS = 60_000;

async function untilAvailable<T>(ask: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + LOOKS_AGAIN_MS; ; await delay(PAUSE_MS)) {
    try {
      return await ask();
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Unavailable || Date.now() > end) throw error;
    }
  }
}

/** Runs a week on the scheduler's own input file, and waits for its end. @throws FirstWeekError, ConnectError when a peer rejects the call */
export async function runWeek(isoWeek: string, peers: FirstWeekPeers, signal: AbortSignal): Promise<void> {
  using scheduler = createMeshTransport({ url: peers.schedulerUrl, ...peers.calls });
  const schedules = createClient(ScheduleService, scheduler);
  const { jobId } = await untilAvailable(() => schedules.triggerRun({ scheduleId: "weekly", isoWeek }, { signal }));
  // A watch ends with UNAVAILABLE when its connection reaches its maximum age. It is then opened again.
  for (let lastMessageMs = Date.now(); ; await delay(PAUSE_MS)) {
    try {
      for await (const progress of schedules.watchProgress({ jobId }, { signal })) {
        lastMessageMs = Date.now();
        const { state, failure, rowsRead, rowsScored, rowsRejected } = progress;
        if (state === RunState.FAILED) throw new FirstWeekError(failure);
        if (rowsRead > 0n) showProgress(`scoring ${isoWeek}`, Number(rowsScored + rowsRejected), Number(rowsRead));
      }
      return;
    } catch (error) {
      const mayPass = ConnectError.from(error).code === Code.Unavailable && Date.now() - lastMessageMs < SILENT_MS;
      if (error instanceof FirstWeekError || !mayPass) throw error;
    }
  }
}
