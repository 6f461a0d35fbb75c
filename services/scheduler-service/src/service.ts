import os from "node:os";
import path from "node:path";
import { expandInput, hasWeekPlaceholder } from "@bellwether/contract/expand-input";
import { newUuidV7 } from "@bellwether/contract/uuid-v7";
import { StorageError } from "@bellwether/files/storage-error";
import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import type { Policy } from "@bellwether/mesh/call/policy";
import { route } from "@bellwether/mesh/call/route";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { auditCallsPolicy } from "@bellwether/mesh/policies/audit-calls";
import { createAuditQueue } from "@bellwether/mesh/policies/audit-queue";
import { type RunningServer, type ServerOptions, startServer } from "@bellwether/mesh/server/start-server";
import { isStoreUrl } from "@bellwether/object-store/location/store-url";
import { openQueue } from "@bellwether/queue/open-queue";
import { watchQueue } from "@bellwether/queue/watch-queue";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import { checkSigner } from "@bellwether/registry/publish/check-signer";
import { approvePromotion, rejectPromotion } from "@bellwether/registry/publish/decide-promotion";
import { checkRemovable, removeVersion } from "@bellwether/registry/publish/remove-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { VersionNeededError } from "@bellwether/registry/registry-error";
import { type Registry, storageOf } from "@bellwether/registry/storage/storage-of";
import { listModels, type StoredVersion } from "@bellwether/registry/versions/read-version";
import { aliasCheck } from "@bellwether/scoring/model/alias-check";
import { createModelChecker } from "@bellwether/scoring/model/model-checker";
import type { Logger } from "@bellwether/telemetry/logger";
import type { Telemetry } from "@bellwether/telemetry/start-telemetry";
import type { Transport } from "@connectrpc/connect";
import { createOpsRetention } from "./clients/ops-retention.ts";
import { createCallSink, createOpsSink } from "./clients/ops-sink.ts";
import { createFindScoredRun } from "./clients/scored-versions.ts";
import { resolveInput } from "./domain/input-file.ts";
import { inputUrlOf } from "./domain/input-url.ts";
import { createUploadSlots } from "./domain/receive-upload.ts";
import { removeUnneeded } from "./domain/removed-version.ts";
import type { InputMarker } from "./domain/seen-input.ts";
import { startAliasAudit } from "./jobs/alias-audit.ts";
import { startSnapshotCare } from "./jobs/snapshot-care.ts";
import { startWeeklyJobs } from "./jobs/weekly-jobs.ts";
import { WEEKLY_SCHEDULE } from "./jobs/weekly-queue.ts";
import { createModelPreparer } from "./model/prepare-model.ts";
import { aliasOfNext, publishUpload } from "./model/publish-upload.ts";
import { startRetrains } from "./retrains.ts";
import { SCHEDULER_ERRORS } from "./rpc/error-codes.ts";
import { modelPublishingHandlers } from "./rpc/model-publishing.ts";
import { modelUploadHandlers } from "./rpc/model-uploads.ts";
import { scheduleHandlers } from "./rpc/schedule.ts";
import { createWeeklyRunner, type WeeklySettings } from "./setup/create-weekly-runner.ts";
import { createReadiness } from "./setup/readiness.ts";
import { weeksText } from "./setup/weeks-text.ts";
import { onDisk } from "./store/disk-error.ts";
import { watchDisk } from "./store/disk-watch.ts";
import { createInputLook } from "./store/look-at-input.ts";
import { createObjectLook } from "./store/look-at-objects.ts";
import { findOldSnapshots, removeSnapshots } from "./store/old-snapshots.ts";
import { openPauseFile } from "./store/pause-file.ts";

/** Configuration of scheduler-service. */
export interface SchedulerServiceConfig
  extends Pick<ServerOptions, "host" | "ports" | "tls" | "auth" | "web" | "limits">,
    WeeklySettings {
  /** The model registry: path of its folder, or a storage. No other service writes to it. */
  readonly registryRoot: Registry;
  /** Model of a request without a model name. */
  readonly defaultModel: string;
  /** URL of the Redis or PostgreSQL that stores the jobs. */
  readonly queueUrl: string;
  readonly cron: string;
  readonly timeZone: string;
  /** Folder of the files that triggers may name, or URL of a folder in an object store. */
  readonly inputFolder: string;
  /**
   * Weekly file, relative to `inputFolder`, or URL of an object, of the schedule and of a trigger that names none.
   * {week} and {date} in it become the ISO week and its Monday.
   */
  readonly input: string;
  /** Which file beside the weekly file says that it is whole. Default: none. */
  readonly inputMarker?: InputMarker;
  /** Time after a tick until which the weekly file is waited for, milliseconds. Default 24 hours. */
  readonly inputDeadlineMs?: number;
  /** Interval at which the due weeks and their file are checked, milliseconds. Default 20,000. */
  readonly inputCheckMs?: number;
  /** Age up to which missed ticks are caught up, milliseconds. Default 28 days. */
  readonly lookBackMs?: number;
  /** Clock of the schedule. Default: that of the system. */
  readonly now?: () => Date;
  readonly logger: Logger;
  /** Telemetry of the process. Absent: no metrics and no spans. */
  readonly telemetry?: Telemetry;
  /** Time after which the job of a killed worker is taken over, milliseconds. Default 30,000. */
  readonly lockMs?: number;
  /** Interval at which the schedule in the queue's store is checked, milliseconds. Default 20,000. */
  readonly scheduleCheckMs?: number;
  /** Interval at which it is checked whether a retrain is due, milliseconds. Default 60,000. */
  readonly retrainCheckMs?: number;
  /** Interval at which the folders of the weekly run are checked, milliseconds. Default 15,000. */
  readonly diskCheckMs?: number;
  /** Whether calls that need the role ANALYST, ADMIN or SERVICE, and denials, are sent to the audit log. Default false. */
  readonly auditCalls?: boolean;
  /** Memory that bounds the size of an uploaded model, bytes. Default: that of the container or the machine. */
  readonly memoryBytes?: number;
}

/** Longest time in which a trigger finds its objects, ms: shorter than its own time limit. */
const FIND_OBJECTS_MS = 5_000;
const SNAPSHOT_CARE_MS = 3_600_000;
/** Interval at which the registry is read for alias moves of the command line, ms: a call to an object store has a price. */
const REGISTRY_LOOK_MS = 1_000;
const STORE_LOOK_MS = 15_000;
const DISK_CHECK_MS = 15_000;

/** Returns the memory of the container or the machine, bytes. The limit of a container is 0 where it is not known. */
const memoryOfProcess = (): number => Math.min(os.totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);

/**
 * Starts scheduler-service. It is ready while the store of its jobs accepts writes and contains the schedule,
 * and the folders of its weeks can be used.
 * @throws ConfigError, InputPatternError, StorageError, CronPatternError, ListenError
 */
export async function createSchedulerService(config: SchedulerServiceConfig): Promise<RunningServer> {
  const { logger, telemetry, queueUrl, inputFolder, input, registryRoot, defaultModel, ...settings } = config;
  const places = { inputFolder, input };
  const marker = config.inputMarker ?? "none";
  // A URL that cannot be used ends the start, not the first run. It is checked before its placeholders: their error shows it.
  const configured = inputUrlOf(input, places);
  hasWeekPlaceholder(input);
  if (configured !== null && marker === "sha256")
    throw new StorageError("WEEKLY_INPUT_MARKER=sha256 is for files; use done or none for objects");
  await using starting = new AsyncDisposableStack();
  const calls = { ...settings.calls, ...(telemetry && { sampleRatio: telemetry.sampleRatio }) };
  const runner = starting.use(await createWeeklyRunner({ ...settings, calls }));
  if (Object.values(runner.swept).some((count) => count > 0))
    logger.info(runner.swept, "files that killed processes had left were removed");
  const findInput = async (named: string, week: string): Promise<string> => {
    const given = named === "" ? input : named;
    inputUrlOf(given, places);
    const expanded = expandInput(given, week);
    const url = inputUrlOf(expanded, places);
    if (url === null) return await onDisk(inputFolder, resolveInput(inputFolder, expanded));
    await runner.inputs.look(url, AbortSignal.timeout(FIND_OBJECTS_MS));
    return url;
  };
  const lookAtFile = createInputLook({ inputFolder, marker, find: (named) => findInput(named, "") });
  const lookAtObjects = createObjectLook({ inputs: runner.inputs, needsMarker: marker === "done" });
  const queues = starting.use(await openQueue(queueUrl, { queues: [WEEKLY_SCHEDULE] }));
  const readiness = createReadiness(logger);
  const disk = starting.use(
    watchDisk({
      weeksFolder: settings.weeksFolder,
      inputFolder: isStoreUrl(inputFolder) ? null : inputFolder,
      everyMs: config.diskCheckMs ?? DISK_CHECK_MS,
      report: (reason) => readiness.set("disk", reason),
    }),
  );
  // The jobs report the weeks already while they start.
  let started: Awaited<ReturnType<typeof startWeeklyJobs>> | undefined;
  const noteWeeks = (): void => {
    const state = started?.weeks() ?? null;
    if (!started || state === null) return;
    // Without the queue there is no next run to name; the next look at the weeks notes it.
    started.schedule().then(
      (schedule) => readiness.note(weeksText(state, schedule)),
      () => {},
    );
  };
  const jobs = await startWeeklyJobs({
    ...settings,
    queues,
    runner,
    logger,
    pauseFile: openPauseFile(path.join(settings.weeksFolder, "schedule.json")),
    onDisk: (error) => disk.noteRun(error),
    onSchedule: (reason) => readiness.set("schedule", reason),
    onWeeks: noteWeeks,
    findInput,
    input,
    lookAtInput: async (named) => {
      const url = inputUrlOf(named, places);
      return url === null ? await lookAtFile(named) : await lookAtObjects(url);
    },
  });
  started = jobs;
  noteWeeks();
  starting.defer(jobs.stop);
  const ops = starting.use(createMeshTransport({ url: settings.opsUrl, ...calls }));
  const auditLog = starting.use(
    startAliasAudit({
      listModels: () => listModels(registryRoot),
      readAliases: (model) => readAliases(registryRoot, model),
      append: createOpsSink(ops),
      everyMs: storageOf(registryRoot).kind === "folder" ? REGISTRY_LOOK_MS : STORE_LOOK_MS,
      logger,
    }),
  );
  const policies = config.auditCalls ? openCallLog(starting, ops, logger) : [];
  const { weeksFolder } = settings;
  starting.use(
    startSnapshotCare({
      readKept: createOpsRetention(ops),
      find: (kept) => findOldSnapshots(weeksFolder, kept, Date.now()),
      remove: (model, old) => removeSnapshots(weeksFolder, model, old),
      append: createOpsSink(ops),
      place: `${os.hostname()} ${weeksFolder}`,
      everyMs: SNAPSHOT_CARE_MS,
      logger,
    }),
  );
  const checker = starting.use(createModelChecker());
  const preparer = starting.use(createModelPreparer());
  const publisher = {
    registry: registryRoot,
    prepare: preparer.prepare,
    check: (signal: AbortSignal) => (stored: StoredVersion) => checker.check(stored, signal),
    now: () => new Date(),
  };
  // One at a time: reading and checking a large model takes most of the memory.
  let publishing: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(publish: () => Promise<T>): Promise<T> => {
    const turn = publishing.then(publish);
    publishing = turn.catch(() => {});
    return turn;
  };
  const uploads = modelUploadHandlers({
    defaultModel,
    slots: createUploadSlots(),
    memoryBytes: config.memoryBytes ?? memoryOfProcess(),
    aliasOfNext: (modelName) => aliasOfNext(registryRoot, modelName),
    checkSigner: () => checkSigner(registryRoot),
    async publish(task, provenance, stillAllowed, signal) {
      const published = await inTurn(() => publishUpload(publisher, task, provenance, stillAllowed, signal));
      auditLog.nudge();
      return published;
    },
  });
  const checkOf = (stillAllowed: () => void, signal: AbortSignal) =>
    aliasCheck(async (stored) => {
      await checker.check(stored, signal);
      stillAllowed();
    });
  const models = modelPublishingHandlers({
    defaultModel,
    async setAlias(request, stillAllowed, signal) {
      const moved = await setAlias(registryRoot, { ...request, now: new Date() }, checkOf(stillAllowed, signal));
      auditLog.nudge();
      return moved;
    },
    async approvePromotion(request, stillAllowed, signal) {
      const decision = { ...request, now: new Date() };
      const moved = await approvePromotion(registryRoot, decision, checkOf(stillAllowed, signal));
      auditLog.nudge();
      return moved;
    },
    async rejectPromotion(request) {
      const decision = await rejectPromotion(registryRoot, { ...request, now: new Date() });
      auditLog.nudge();
      return decision;
    },
    removeVersion: (removal, isDryRun, signal) =>
      removeUnneeded(
        {
          findScoredRun: createFindScoredRun(ops),
          checkAliases: (modelName, version) => checkRemovable(registryRoot, modelName, version),
          append: createOpsSink(ops),
          remove: (one) => removeVersion(registryRoot, { ...one, now: new Date() }),
          needed: (modelName, version, why) => new VersionNeededError(modelName, version, why),
          ...{ newId: newUuidV7, now: Date.now },
        },
        removal,
        isDryRun,
        signal,
      ),
  });
  const retrains = starting.use(
    await startRetrains({
      ...settings,
      ...{ registry: registryRoot, ops, queues, logger, inTurn, check: publisher.check, onPublished: auditLog.nudge },
      ...(config.retrainCheckMs !== undefined && { checkMs: config.retrainCheckMs }),
    }),
  );
  // A week that is complete has new drift.
  jobs.onEnd(() => void retrains.jobs.nudge());
  const server = await startServer({
    ...settings,
    name: "scheduler-service",
    routes: [
      route(ScheduleService, scheduleHandlers(jobs, retrains)),
      route(ModelPublishingService, { ...models, ...uploads }),
    ],
    errors: SCHEDULER_ERRORS,
    policies,
    logger,
    ...(telemetry && { telemetry }),
  });
  starting.use(server);
  readiness.report(server);
  const storeWatch = watchQueue(queueUrl, (usable, reason) => {
    readiness.set("store", usable ? null : `the store of the jobs ${reason}`);
    // The schedule may be missing after an outage of the store. The check writes it again.
    if (usable) jobs.checkSchedule();
  });
  starting.use(storeWatch);
  const opened = starting.move();
  let ended: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    ended ??= opened.disposeAsync();
    return ended;
  };
  return { addresses: server.addresses, setServing: server.setServing, stop, [Symbol.asyncDispose]: stop };
}

/** Records calls in batches in the audit log of ops-service. They wait in memory while it does not answer. */
function openCallLog(opened: AsyncDisposableStack, ops: Transport, logger: Logger): Policy[] {
  const rejected = (error: unknown): void => logger.warn({ err: error }, "the audit log rejects events of calls");
  const queue = opened.use(
    createAuditQueue({
      append: createCallSink(ops, rejected),
      onProblem: (dropped, error) => logger.warn({ dropped, err: error }, "calls are not in the audit log yet"),
    }),
  );
  return [opened.use(auditCallsPolicy({ record: queue.record, now: Date.now }))];
}
