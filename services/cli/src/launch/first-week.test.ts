import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { route } from "@bellwether/mesh/call/route";
import { startServer } from "@bellwether/mesh/server/start-server";
import { createLogger } from "@bellwether/telemetry/logger";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { ensureWeek } from "./first-week.ts";

class FutureWeekError extends Error {
  override readonly name = "FutureWeekError" as const;
}
class PlaceTakenError extends Error {
  override readonly name = "PlaceTakenError" as const;
}

/** Services whose ledger has one run, or none, and whose scheduler answers a trigger with an error. */
async function startPeers(run: { readonly isoWeek: string; readonly state: RunState } | null, error: Error) {
  const triggered: string[] = [];
  const server = await startServer({
    name: "peers",
    ports: { grpc: 0, web: 0, admin: 0 },
    routes: [
      route(BatchService, {
        getRun() {
          if (run === null) throw new ConnectError("no run", Code.NotFound);
          return { run: { ...run, modelName: "supplier-risk" } };
        },
      }),
      route(ScheduleService, {
        triggerRun({ isoWeek }) {
          triggered.push(isoWeek);
          throw error;
        },
      }),
    ],
    errors: { FutureWeekError: Code.InvalidArgument, PlaceTakenError: Code.FailedPrecondition },
    logger: createLogger({ name: "peers", level: "silent" }),
  });
  const url = `http://127.0.0.1:${server.addresses.grpc.port}`;
  const peers = { opsUrl: url, schedulerUrl: url, modelName: "supplier-risk", calls: {} };
  const ensure = () => ensureWeek("2026-W47", peers, new AbortController().signal);
  return { ensure, triggered, [Symbol.asyncDispose]: () => server.stop() };
}

test("a failed run of a week that has not begun stays as it is, and is returned with its state", async () => {
  await using peers = await startPeers(
    { isoWeek: "2026-W52", state: RunState.FAILED },
    new FutureWeekError("2026-W52"),
  );
  expect(await peers.ensure()).toMatchObject({
    run: { isoWeek: "2026-W52", state: RunState.FAILED },
    wasComplete: false,
  });
  expect(peers.triggered).toEqual(["2026-W52"]);
});

test("without a run, and for any other reason, a rejected week is an error", async () => {
  await using none = await startPeers(null, new FutureWeekError("2026-W47"));
  await expect(none.ensure()).rejects.toThrow("2026-W47");
  expect(none.triggered).toEqual(["2026-W47"]);
  const failed = { isoWeek: "2026-W46", state: RunState.FAILED };
  await using other = await startPeers(failed, new PlaceTakenError("another run is in progress"));
  await expect(other.ensure()).rejects.toThrow("another run is in progress");
});

test.each([
  [RunState.COMPLETE, true],
  [RunState.VOIDED, false],
])("a run in the state %i is not run again", async (state, wasComplete) => {
  await using peers = await startPeers({ isoWeek: "2026-W47", state }, new FutureWeekError("never"));
  expect(await peers.ensure()).toMatchObject({ run: { state }, wasComplete });
  expect(peers.triggered).toEqual([]);
});
