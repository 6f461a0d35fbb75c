import os from "node:os";
import { newUuidV7 } from "@bellwether/contract/uuid-v7";
import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import type { Policy } from "@bellwether/mesh/call/policy";
import { route } from "@bellwether/mesh/call/route";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { auditCallsPolicy } from "@bellwether/mesh/policies/audit-calls";
import { createAuditQueue } from "@bellwether/mesh/policies/audit-queue";
import { type RunningServer, type ServerOptions, startServer } from "@bellwether/mesh/server/start-server";
import { isStoreUrl } from "@bellwether/object-store/location/store-url";
import { openObjectStore } from "@bellwether/object-store/open-store";
import { openQueue } from "@bellwether/queue/open-queue";
import { watchQueue } from "@bellwether/queue/watch-queue";
import { countText } from "@bellwether/reasons/count-text";
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
import { createOpsErasures } from "./clients/ops-erasures.ts";
import { createOpsRetention } from "./clients/ops-retention.ts";
import { createCallSink, createOpsSink } from "./clients/ops-sink.ts";
import { createFindScoredRun } from "./clients/scored-versions.ts";
import { createModelsByName } from "./domain/models-by-name.ts";
import { queueNamesOf, WEEKLY_SCHEDULE } from "./domain/queue-names.ts";
import { createUploadSlots } from "./domain/receive-upload.ts";
import { removeUnneeded } from "./domain/removed-version.ts";
import { startAliasAudit } from "./jobs/alias-audit.ts";
import { countWaiting } from "./jobs/count-waiting.ts";
import { startErasureCare } from "./jobs/erasure-care.ts";
import { startSnapshotCare } from "./jobs/snapshot-care.ts";
import type { WeeklyJobs } from "./jobs/weekly-jobs.ts";
import { createModelPreparer } from "./model/prepare-model.ts";
import { aliasOfNext, publishUpload } from "./model/publish-upload.ts";
import { startRetrains } from "./retrains.ts";
import { SCHEDULER_ERRORS } from "./rpc/error-codes.ts";
import { modelPublishingHandlers } from "./rpc/model-publishing.ts";
import { modelUploadHandlers } from "./rpc/model-uploads.ts";
import { type ScheduledModel, scheduleHandlers } from "./rpc/schedule.ts";
import type { WeeklySettings } from "./setup/create-weekly-runner.ts";
import type { ModelRuns } from "./setup/model-runs.ts";
import { createReadiness } from "./setup/readiness.ts";
import { watchDisk } from "./store/disk-watch.ts";
import { eraseInFiles } from "./store/erase-files.ts";
import { modelsWithSchedule } from "./store/models-with-schedule.ts";
import { findOldSnapshots, removeSnapshots } from "./store/old-snapshots.ts";
import { openWeeklyModel, type SharedRuns, type WeeklyModel } from "./weekly-model.ts";

/** Configuration of scheduler-service. The files and the schedule in it are those of the default model. */
export interface SchedulerServiceConfig
  extends Pick<ServerOptions, "host" | "ports" | "tls" | "auth" | "web" | "limits">,
    Omit<WeeklySettings, "inputMarker" | "copiesFolder">,
    ModelRuns {
  /** The model registry: path of its folder, or a storage. No other service writes to it. */
  readonly registryRoot: Registry;
  /** Model of a request without a model name. */
  readonly defaultModel: string;
  /** URL of the Redis or PostgreSQL that stores the jobs. */
  readonly queueUrl: string;
  /** Further models (docs/several-models.md); what one leaves out is as for the default model. Default: none. */
  readonly furtherModels?: readonly (ModelRuns & { readonly modelName: string })[];
  /** Folder of the files that triggers may name, or URL of a folder in an object store. */
  readonly inputFolder: string;
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
  /** Interval at which ops-service is asked for erasures that are due in files of weeks, milliseconds. Default 60,000. */
  readonly erasureCareMs?: number;
  /** Whether calls that need the role ANALYST, ADMIN or SERVICE, and denials, are sent to the audit log. Default false. */
  readonly auditCalls?: boolean;
  /** Memory that bounds the size of an uploaded model, bytes. Default: that of the container or the machine. */
  readonly memoryBytes?: number;
}

const SNAPSHOT_CARE_MS = 3_600_000;
const ERASURE_CARE_MS = 60_000;
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
  const {
    logger,
    telemetry,
    queueUrl,
    inputFolder,
    registryRoot,
    defaultModel,
    furtherModels = [],
    ...settings
  } = config;
  await using starting = new AsyncDisposableStack();
  const calls = { ...settings.calls, ...(telemetry && { sampleRatio: telemetry.sampleRatio }) };
  const shared: SharedRuns = { ...settings, calls, inputFolder, logger };
  const first = starting.use(await openWeeklyModel(config, shared, null));
  const opened: WeeklyModel[] = [first];
  for (const { modelName, ...runs } of furtherModels)
    opened.push(starting.use(await openWeeklyModel(runs, shared, modelName)));
  for (const { swept } of opened)
    if (Object.values(swept).some((count) => count > 0))
      logger.info(swept, "files that killed processes had left were removed");
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
  const notes = new Map<string, string>();
  const note = (modelName: string, text: string): void => {
    const isOnlyModel = furtherModels.length === 0 && modelName === first.modelName;
    notes.set(modelName, isOnlyModel ? text : `${modelName}: ${text}`);
    readiness.note([...notes.values()].join("\n"));
  };
  const weekly: { readonly model: WeeklyModel; readonly jobs: WeeklyJobs }[] = [];
  for (const model of opened) {
    const { modelName, furtherName } = model;
    const jobs = await model.startJobs(queues, {
      onDisk: (error) => disk.noteRun(error),
      onSchedule: (reason) => readiness.set(furtherName === null ? "schedule" : `schedule ${furtherName}`, reason),
      onWeeks: (text) => note(modelName, text),
    });
    starting.defer(jobs.stop);
    weekly.push({ model, jobs });
  }
  const known = new Set(opened.map(({ modelName }) => modelName));
  const removed = (await modelsWithSchedule(settings.weeksFolder)).filter((name) => !known.has(name));
  for (const { modelName, runs, retrains } of await countWaiting(queues, removed)) {
    const text = `not configured any more; ${countText(runs, "run")} and ${countText(retrains, "retrain")} wait in its queues until it is configured again`;
    logger.warn({ model: modelName, runs, retrains }, `the model is ${text}`);
    note(modelName, text);
  }
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
  const { stores } = settings;
  const resultsUrl = stores?.resultsUrl ?? null;
  const openResults =
    stores === undefined || resultsUrl === null ? null : () => openObjectStore(resultsUrl, { azure: stores.azure });
  starting.use(
    startErasureCare({
      ...createOpsErasures(ops, `${os.hostname()} ${weeksFolder}`),
      erase: (supplierId, signal) => eraseInFiles(weeksFolder, openResults, supplierId, signal),
      everyMs: config.erasureCareMs ?? ERASURE_CARE_MS,
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
  const aliases = modelPublishingHandlers({
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
  const scheduled: ScheduledModel[] = [];
  for (const { model, jobs } of weekly) {
    const { modelName, furtherName, runs } = model;
    const retrains = starting.use(
      await startRetrains({
        ...settings,
        ...{ modelConfig: runs.modelConfig, featureMapping: runs.featureMapping },
        ...(runs.riskPolicy !== undefined && { riskPolicy: runs.riskPolicy }),
        ...{ registry: registryRoot, ops, queues, logger, inTurn, check: publisher.check, onPublished: auditLog.nudge },
        queueName: queueNamesOf(furtherName).retrain,
        ...(furtherName !== null && { modelLabel: furtherName }),
        ...(config.retrainCheckMs !== undefined && { checkMs: config.retrainCheckMs }),
      }),
    );
    // A week that is complete has new drift.
    jobs.onEnd(() => void retrains.jobs.nudge());
    scheduled.push({ modelName, jobs, retrains });
  }
  const [firstScheduled, ...others] = scheduled;
  if (firstScheduled === undefined) throw new Error("the default model was not started");
  const models = createModelsByName(firstScheduled, others);
  const server = await startServer({
    ...settings,
    name: "scheduler-service",
    routes: [
      route(ScheduleService, scheduleHandlers(models)),
      route(ModelPublishingService, { ...aliases, ...uploads }),
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
    if (usable) for (const { jobs } of scheduled) jobs.checkSchedule();
  });
  starting.use(storeWatch);
  const running = starting.move();
  let ended: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    ended ??= running.disposeAsync();
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
      logger,
    }),
  );
  return [opened.use(auditCallsPolicy({ record: queue.record, now: Date.now }))];
}
