import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SHORT_REASON_FORM, SHORT_REASON_PATTERN } from "@bellwether/contract/reason-text";
import { env, readEnv } from "@bellwether/env/env";
import { peerSettings, serverEnv } from "@bellwether/mesh/server/server-env";
import { isStoreUrl } from "@bellwether/object-store/location/store-url";
import { inSpan } from "@bellwether/telemetry/in-span";
import { readOtelSettings } from "@bellwether/telemetry/otel-settings";
import { startTelemetry, type Telemetry } from "@bellwether/telemetry/start-telemetry";
import { followRun } from "../domain/follow-run.ts";
import { retryRun } from "../domain/retry-run.ts";
import { RunStoppedError } from "../domain/scheduler-error.ts";
import type { Progress } from "../domain/weekly-run.ts";
import { createWeeklyRunner } from "../setup/create-weekly-runner.ts";
import { DEFAULT_RISK_POLICY, RUN_ENV, storeSettings, WEEKS_FOLDER, weeklyIngestLimits } from "../setup/run-env.ts";
import { missingInputs } from "./missing-inputs.ts";
import { checkFailureToJson, failureToJson, inputReportToJson, outcomeToJson, UNUSABLE } from "./outcome.ts";
import { sendToParent } from "./send-to-parent.ts";

/** Maximum time to wait, after telemetry was stopped, for a telemetry collector that does not answer, ms. */
const LINGER_MS = 500;

/**
 * Maximum time for which a run is tried again while a peer does not answer, ms. Longer than the restart of a service by
 * its supervisor, 16 s.
 */
const SILENCE_MS = 30_000;

const FOLLOWS = "another program continues this run with the same file; this command waits for its end";

const REASON = { pattern: SHORT_REASON_PATTERN, expected: SHORT_REASON_FORM };

// The one-shot program: runs one week, without a queue and without listeners. With the argument "check" it only checks
// the input of the week; with "look", it looks for the inputs of several weeks, with commas between them. A parent with an IPC channel
// receives the progress, then the result or the failure.
const stopped = new AbortController();
const stop = (by: string) => stopped.abort(new RunStoppedError(by));
const disconnected = () => stop("the end of the command that started it");
// `on`, not `once`: without a handler, a second signal would end the process during its stop.
process.on("SIGINT", stop).on("SIGTERM", stop).once("disconnect", disconnected);
const [, , task = "run"] = process.argv;
const isRun = task === "run";
let telemetry: Telemetry | undefined;
let folder: string | null = null;
try {
  const config = readEnv(process.env, {
    ...serverEnv("SCHEDULER_SERVICE", { grpc: 0, web: 0, admin: 0 }),
    ...RUN_ENV,
    week: env.text("WEEKLY_WEEK", { pattern: /^.{1,20000}$/, expected: "an ISO week such as 2026-W47" }),
    // A URL can have a secret that it must not have.
    input: { ...env.path("WEEKLY_INPUT"), secret: true },
    acceptLosses: env.optional(env.text("WEEKLY_ACCEPT_LOSSES", REASON)),
    forceFuture: env.optional(env.text("WEEKLY_FORCE_FUTURE", REASON)),
    retryMs: env.durationMs("WEEKLY_RETRY", "2m", { min: "0s", max: "1h" }),
    actor: env.text("WEEKLY_ACTOR", { pattern: /^[^\0]{0,64}$/u, expected: "a name of at most 64 characters" }, ""),
  });
  const { week, mlUrl, opsUrl, modelConfig, featureMapping, chunkRows } = config;
  const weeksFolder = path.resolve(config.dataDir, WEEKS_FOLDER);
  telemetry = await startTelemetry({
    serviceName: "scheduler-service",
    serviceVersion: "0.1.0",
    settings: readOtelSettings(process.env),
  });
  const calls = { ...peerSettings(config), sampleRatio: telemetry.sampleRatio };
  const [stores, ingestLimits] = [storeSettings(config), weeklyIngestLimits(config)];
  // The services may be elsewhere, and their policy with them.
  const { riskPolicy } = config;
  const policy = riskPolicy !== DEFAULT_RISK_POLICY || existsSync(riskPolicy) ? { riskPolicy } : {};
  const paths = { modelConfig, featureMapping, ...policy, weeksFolder };
  const { inputMarker } = config;
  const settings = { mlUrl, opsUrl, ...paths, chunkRows, ingestLimits, stores, calls, inputMarker };
  using runner = await createWeeklyRunner(settings);
  folder = runner.folderOf(week);
  const reportProgress = (progress: Progress): void => void sendToParent(process, { progress });
  const decision = (reason: string | null) => (reason === null ? null : { reason, actor: config.actor });
  const decisions = { acceptLosses: decision(config.acceptLosses), forceFuture: decision(config.forceFuture) };
  const clock = {
    signal: stopped.signal,
    pause: (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }),
    nowMs: () => performance.now(),
  };
  const retries = {
    ...clock,
    overloadMs: config.retryMs,
    silenceMs: SILENCE_MS,
    onRetry: ({ message }: Error, pauseMs: number) =>
      void sendToParent(process, { retry: `${message}; trying again in ${Math.round(pauseMs / 100) / 10} s` }),
  };
  const input = isStoreUrl(config.input) ? config.input : path.resolve(config.input);
  const runWithRetries = () =>
    retryRun((onProgress) => {
      let first: Progress | null = null;
      const onChange = (now: Progress): void => {
        reportProgress(now);
        first ??= now;
        if (now.rowsScored > first.rowsScored) onProgress();
      };
      return runner.run(week, input, stopped.signal, onChange, decisions);
    }, retries);
  const run = () =>
    followRun(runWithRetries, {
      ...clock,
      week,
      findWeek: runner.weeks.findWeek,
      onFollow: () => void sendToParent(process, { retry: FOLLOWS }),
    });
  const isForced = config.forceFuture !== null;
  const check = async () => inputReportToJson(await runner.check(week, input, stopped.signal, { isForced }));
  const look = async () => ({ missing: await missingInputs(runner, input, week.split(","), stopped.signal) });
  const result =
    task === "run"
      ? outcomeToJson(await inSpan("weekly run", run), folder)
      : await inSpan(`weekly ${task}`, task === "check" ? check : look);
  if (!sendToParent(process, { result })) console.log(JSON.stringify(result));
  process.exitCode = 0;
} catch (error) {
  const cause: unknown = stopped.signal.aborted ? stopped.signal.reason : error;
  const failure = isRun ? failureToJson(cause, folder) : checkFailureToJson(cause, process.env.WEEKLY_WEEK ?? "");
  if (!sendToParent(process, { failure })) console.error(failure.message);
  process.exitCode = UNUSABLE.has(failure.reason) ? 2 : 1;
} finally {
  await telemetry?.stop();
  setTimeout(() => process.exit(), LINGER_MS).unref();
  // An open channel would keep the process running.
  process.off("disconnect", disconnected);
  if (process.connected) process.disconnect();
}
