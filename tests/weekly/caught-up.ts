import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, vi } from "vitest";
import { closeGate, type GATES } from "./gate.ts";
import { createWeek, type WeeklyMesh } from "./harness.ts";

const PATIENCE = { timeout: 60_000, interval: 50 };

/**
 * Lets a scheduler catch up the missed tick of a week, kills it at a point of the run with SIGKILL, and starts the
 * next one, which must complete the week. Returns a digest of the scores.
 */
export async function killCaughtUp(
  mesh: WeeklyMesh,
  weekNumber: number,
  place: keyof typeof GATES,
  queue: Readonly<Record<string, string>>,
): Promise<string> {
  await using week = await createWeek(mesh, weekNumber);
  const env = await week.missTick();
  {
    await using gate = await closeGate(mesh.databaseUrl, place);
    const doomed = await week.startScheduler(queue, env);
    await gate.reached();
    await doomed.kill();
    await gate.open();
  }
  await using next = await week.startScheduler(queue, env);
  const batch = createClient(BatchService, createGrpcTransport({ baseUrl: mesh.ops.now.grpc }));
  const { isoWeek } = week;
  await vi.waitFor(async () => {
    const { run } = await batch.getRun({ isoWeek });
    expect(run?.state).toBe(RunState.COMPLETE);
  }, PATIENCE);
  // The job ends after the run: it writes the report.
  const schedules = createClient(ScheduleService, createGrpcTransport({ baseUrl: next.grpc }));
  await vi.waitFor(async () => {
    const { schedules: listed } = await schedules.listSchedules({});
    expect(listed[0]).toMatchObject({ lastCompleteWeek: isoWeek, waiting: [] });
    return await week.assertComplete();
  }, PATIENCE);
  return await week.assertComplete();
}
