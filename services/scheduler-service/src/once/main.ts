import path from "node:path";
import { env, readEnv } from "@bellwether/config/env";
import { peerSettings, serverEnv } from "@bellwether/mesh/server-env";
import { inSpan } from "@bellwether/telemetry/in-span";
import { readOtelSettings } from "@bellwether/telemetry/otel-settings";
import { startTelemetry, type Telemetry } from "@bellwether/telemetry/start-telemetry";
import type { Progress } from "../domain/weekly-run.ts";
import { WEEKLY_ENV, WEEKS_FOLDER } from "../weekly-env.ts";
import { createWeeklyRunner } from "../weekly-runner.ts";

/** What a collector that hangs may hold the process for, once its telemetry was told to stop. */
const LINGER_MS = 500;

// The one-shot form: one week, no queue and no doors. A parent with a channel is told of the progress and of the result or the failure.
const stopped = new AbortController();
const stop = () => stopped.abort(new Error("stopped; the same command goes on where the run stopped"));
process.once("SIGINT", stop).once("SIGTERM", stop).once("disconnect", stop);
let telemetry: Telemetry | undefined;
try {
  const config = readEnv(process.env, {
    ...serverEnv("SCHEDULER_SERVICE", { grpc: 0, web: 0, admin: 0 }),
    ...WEEKLY_ENV,
    week: env.text("WEEKLY_WEEK", { pattern: /^.{1,40}$/, expected: "an ISO week such as 2026-W47" }),
    input: env.path("WEEKLY_INPUT"),
  });
  const { week, mlUrl, opsUrl, modelConfig, featureMapping } = config;
  const weeksFolder = path.resolve(config.dataDir, WEEKS_FOLDER);
  telemetry = await startTelemetry({
    serviceName: "scheduler-service",
    serviceVersion: "0.1.0",
    settings: readOtelSettings(process.env),
  });
  const calls = { ...peerSettings(config), sampleRatio: telemetry.sampleRatio };
  using runner = await createWeeklyRunner({ mlUrl, opsUrl, modelConfig, featureMapping, weeksFolder, calls });
  const tell = (progress: Progress): void => void process.send?.({ progress });
  const { run, wasComplete } = await inSpan("weekly run", () =>
    runner.run(week, path.resolve(config.input), stopped.signal, tell),
  );
  const result = {
    iso_week: run.isoWeek,
    model: run.modelName,
    model_version: run.model?.version ?? "",
    was_complete: wasComplete,
    rows_read: Number(run.rowsRead ?? 0),
    rows_scored: Number(run.rowsScored),
    rows_set_aside: Number(run.rowsSetAside),
    alerts_raised: run.alertsRaised,
    report: path.join(runner.folderOf(week), "report.json"),
  };
  if (process.send) process.send({ result });
  else console.log(JSON.stringify(result));
  process.exitCode = 0;
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  if (process.send) process.send({ failure: message });
  else console.error(message);
  process.exitCode = 1;
} finally {
  await telemetry?.stop();
  setTimeout(() => process.exit(), LINGER_MS).unref();
  // An open channel would keep the process.
  process.off("disconnect", stop);
  if (process.connected) process.disconnect();
}
