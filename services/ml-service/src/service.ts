import os from "node:os";
import { newUuidV7 } from "@bellwether/contract/uuid-v7";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ShadowService } from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { GRPCInferenceService } from "@bellwether/gen/inference/grpc_service_pb";
import { route } from "@bellwether/mesh/call/route";
import { auditCallsPolicy } from "@bellwether/mesh/policies/audit-calls";
import { type RunningServer, type ServerOptions, startServer } from "@bellwether/mesh/server/start-server";
import { type ServiceNarrator, TEMPLATE_NARRATOR } from "@bellwether/narrative/generate/service-narrator";
import { aliasVersion, readAliases } from "@bellwether/registry/aliases/aliases";
import {
  type CachedStorage,
  type CacheOptions,
  createCachedStorage,
} from "@bellwether/registry/storage/cached-storage";
import { type Registry, storageOf } from "@bellwether/registry/storage/storage-of";
import { readImportance } from "@bellwether/registry/versions/read-importance";
import { listModels, listVersions, readVersion, resolveVersion } from "@bellwether/registry/versions/read-version";
import { versionFingerprint } from "@bellwether/registry/versions/version-fingerprint";
import { createBatchPool } from "@bellwether/scoring/batch/batch-pool";
import { createModelChecker } from "@bellwether/scoring/model/model-checker";
import { DEFAULT_MAX_ROW_MS } from "@bellwether/scoring/model/scoring-model";
import type { ServiceContract } from "@bellwether/scoring/model/service-contract";
import { durationSeries } from "@bellwether/telemetry/counted-durations";
import type { Logger } from "@bellwether/telemetry/logger";
import type { AuditSink } from "./audit/audit-sink.ts";
import { createRejectionCounts } from "./audit/rejection-counts.ts";
import { ModelNotConfiguredError } from "./domain/ml-error.ts";
import { largestModelBytes } from "./domain/model-memory.ts";
import { defaultScoringThreads } from "./domain/scoring-threads.ts";
import { createLoadedModels } from "./model/loaded-models.ts";
import { pinVersions } from "./model/pin-versions.ts";
import { createScoreMetrics } from "./model/score-metrics.ts";
import { reportServing } from "./model/serving-metrics.ts";
import { type ServingReport, servingReport } from "./model/serving-report.ts";
import { watchChampion } from "./model/watch-champion.ts";
import { auditPolicy, isRecorded } from "./rpc/audit/audit-policy.ts";
import { ML_ERRORS } from "./rpc/error-codes.ts";
import { inferenceHandlers } from "./rpc/inference.ts";
import { openInferenceHandlers } from "./rpc/open-inference/handlers.ts";
import { createInferStatistics } from "./rpc/open-inference/model-statistics.ts";
import { registryHandlers } from "./rpc/registry.ts";
import { REST_ROUTES } from "./rpc/rest.ts";
import { shadowHandlers } from "./rpc/shadow.ts";
import { modelShadows } from "./shadow/model-shadows.ts";
import { NO_SHADOW, type Shadow, startShadow } from "./shadow/shadow.ts";
import { reportShadow } from "./shadow/shadow-metrics.ts";

/** Release of ml-service. */
export const RELEASE = "0.1.0";

/** The configuration of ml-service. */
export interface MlServiceConfig
  extends Pick<ServerOptions, "host" | "ports" | "tls" | "auth" | "web" | "limits" | "telemetry"> {
  /** The model registry: path of its folder, or a storage. */
  readonly registryRoot: Registry;
  /** Folder for copies of the files of a registry that is not a folder, and their largest size. Unset: no copies are made. */
  readonly registryCache?: Pick<CacheOptions, "folder" | "maxBytes">;
  /** The default model: used when a request names no model. */
  readonly defaultModel: string;
  /** Time between two checks for a new champion, milliseconds. */
  readonly pollMs: number;
  /** Names of the further models whose champions are served too. Default: none. */
  readonly furtherModels?: readonly string[];
  /** What versions must take to be served. Default: not checked. */
  readonly contract?: ServiceContract | null;
  /** Longest time of the processor for a single row with its contributions, milliseconds. Default 250. */
  readonly maxRowMs?: number;
  /** Number of threads that score batches, at least 1. Undefined: `defaultScoringThreads`. */
  readonly scoringThreads?: number | undefined;
  /**
   * Share of the suppliers, in [0, 1], that the challenger scores too, and largest CPU time of its thread as a share of one core. Default:
   * the challenger scores nothing.
   */
  readonly shadow?: { readonly share: number; readonly maxCpu: number };
  /** Records calls; it is stopped with the service. Undefined: calls are not recorded. */
  readonly audit?: AuditSink | undefined;
  /** Whether the records of calls have the input of the scores, so that they can be computed again. Default true. */
  readonly auditsInput?: boolean;
  /** Writes the narratives of explanations. Default: from the template, in English. */
  readonly narrator?: ServiceNarrator;
  readonly logger: Logger;
}

/** Limits of the waiting batches: eight of the largest, in rows and in bytes. */
const BATCH_LIMITS = { maxRows: 65_536, maxBytes: 128 * 2 ** 20 };
/** Maximum number of open streams of blocks: with two blocks of 4 MiB each, their requests hold at most 128 MiB. */
const MAX_STREAMS = 16;

/**
 * Time for which what an object store has answered is used again, ms: below the usual interval of the polls. It bounds the calls,
 * whatever callers request.
 */
const FRESH_MS = 900;
/** Time after which the last answer of the object store is used while it has not answered, ms. */
const PATIENCE_MS = 1_000;

/**
 * Starts ml-service. It answers calls as soon as its listeners are open, and is ready when a champion is
 * loaded.
 */
export async function createMlService(config: MlServiceConfig): Promise<RunningServer> {
  const { registryRoot: configured, registryCache, defaultModel, pollMs, audit, logger, ...rest } = config;
  const {
    scoringThreads,
    narrator,
    shadow: shadowed,
    contract = null,
    furtherModels = [],
    maxRowMs = DEFAULT_MAX_ROW_MS,
    auditsInput: keepsInput = true,
    ...server
  } = rest;
  const origin = storageOf(configured);
  const copies =
    origin.kind === "folder" || registryCache === undefined
      ? null
      : createCachedStorage(origin, { ...registryCache, freshMs: FRESH_MS, patienceMs: PATIENCE_MS });
  const registryRoot = copies ?? configured;
  await using starting = new AsyncDisposableStack();
  if (audit) starting.defer(audit.stop);
  const workers =
    scoringThreads ??
    defaultScoringThreads({
      cores: os.availableParallelism(),
      memoryBytes: os.totalmem(),
      memoryLimitBytes: process.constrainedMemory(),
    });
  logger.info({ threads: workers }, "scoring threads");
  const pool = createBatchPool({
    workers,
    ...BATCH_LIMITS,
    onBegun: durationSeries(
      "bellwether.batch.wait",
      "Time for which a batch or a search for counterfactuals waited for a thread.",
      {},
    ),
    onThreadLost: (cause) => logger.error({ err: cause }, "a scoring thread ended"),
  });
  starting.use(pool);
  const counts = starting.use(createScoreMetrics(pool));
  const gate = { contract, maxRowMs };
  const checker = starting.use(createModelChecker(gate));
  const memoryBytes = Math.min(os.totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const maxModelBytes = largestModelBytes(memoryBytes);
  const loadedModels = starting.use(
    createLoadedModels(registryRoot, defaultModel, { pool, checker, gate, maxModelBytes, furtherModels }),
  );
  const startShadowOf = (modelName: string): Shadow => {
    if (shadowed === undefined || shadowed.share === 0) return NO_SHADOW;
    const shadow = starting.use(
      startShadow({
        ...{ ...shadowed, pollMs, logger },
        served: () => loadedModels.status(modelName).served,
        challenger: async () => aliasVersion(await readAliases(registryRoot, modelName), "challenger") ?? null,
        fingerprint: (version) => versionFingerprint(registryRoot, modelName, version),
        read: (version) => readVersion(registryRoot, modelName, version),
      }),
    );
    starting.use(reportShadow(shadow.report, modelName === defaultModel ? {} : { model: modelName }));
    return shadow;
  };
  const { modelNames } = loadedModels;
  const shadows = modelShadows(new Map(modelNames.map((modelName) => [modelName, startShadowOf(modelName)])));
  const stopped = new AbortController();
  const rejections = audit && createRejectionCounts({ record: audit.record, newId: newUuidV7, now: Date.now });
  if (rejections) starting.defer(() => rejections.flush());
  const auditing =
    audit && rejections && auditPolicy({ ...audit, rejections, keepsInput, newId: newUuidV7, now: Date.now });
  if (auditing) starting.defer(auditing.recordEnded);
  const otherCalls =
    audit &&
    auditCallsPolicy({
      record: (event) => audit.record({ ...event, eventId: newUuidV7() }),
      ...{ isRecordedElsewhere: isRecorded, now: Date.now },
    });
  if (otherCalls) starting.use(otherCalls);
  const running = await startServer({
    ...server,
    name: "ml-service",
    routes: [
      route(
        InferenceService,
        inferenceHandlers({
          loadedModels,
          shadow: shadows,
          counts,
          stream: { maxStreams: MAX_STREAMS, recordBlock: auditing?.recordBlock ?? (() => {}) },
          newPredictionId: newUuidV7,
          narrator: narrator ?? TEMPLATE_NARRATOR,
          readImportance: async ({ modelName, modelVersion }) => {
            const name = modelName || defaultModel;
            return await readImportance(registryRoot, name, await resolveVersion(registryRoot, name, modelVersion));
          },
        }),
      ),
      route(ModelRegistryService, registryHandlers(registryRoot, defaultModel, loadedModels.status)),
      route(
        ShadowService,
        shadowHandlers(defaultModel, (modelName) => {
          const report = shadows.report(modelName);
          if (report === undefined) throw new ModelNotConfiguredError(modelName, modelNames);
          return report;
        }),
      ),
      route(
        GRPCInferenceService,
        openInferenceHandlers({
          ...{ loadedModels, counts, defaultModel, release: RELEASE, statistics: createInferStatistics() },
          modelNames: () => listModels(registryRoot),
          versionsOf: async (model) => (await listVersions(registryRoot, model)).map(({ version }) => version),
        }),
      ),
    ],
    errors: ML_ERRORS,
    logger,
    serving: false,
    rest: REST_ROUTES,
    ...(auditing && otherCalls && { policies: [auditing, otherCalls] }),
  });

  starting.use(running);
  starting.defer(() => stopped.abort());

  const report = (): ServingReport => {
    const further = modelNames.slice(1).map((modelName) => loadedModels.status(modelName));
    return servingReport(loadedModels.status(), copies?.state() ?? null, further);
  };
  starting.use(reportServing(report, defaultModel));
  let shown: ServingReport | undefined;
  // One after the other, so that the last one has all versions.
  let pinned: Promise<void> = Promise.resolve();
  const pin = async (storage: CachedStorage): Promise<void> => {
    const versions = modelNames.flatMap((modelName) => {
      const { served } = loadedModels.status(modelName);
      return served === null ? [] : [{ modelName, version: served.version }];
    });
    await pinVersions(storage, versions).catch((error: unknown) =>
      logger.warn({ err: error, versions }, "copies not pinned"),
    );
  };
  const looked = (): void => {
    const now = report();
    if (shown?.isServing === now.isServing && shown.details === now.details) return;
    if (shown?.isRegistryReadable === false && now.isRegistryReadable) logger.info("registry read again");
    if (!now.isRegistryReadable && copies) logger.warn({ details: now.details }, "registry not read");
    shown = now;
    running.setServing("", now.isServing, now.details);
  };
  const watch = async (modelName: string): Promise<void> => {
    const swapped = (): void => {
      logger.info({ model: modelName, version: loadedModels.status(modelName).served?.version }, "champion loaded");
      if (copies !== null) pinned = pinned.then(() => pin(copies));
    };
    const rejected = (error: unknown): void => logger.warn({ err: error, model: modelName }, "champion not loaded");
    const refresh = () => loadedModels.refreshChampion(modelName);
    await watchChampion(refresh, pollMs, { swapped, rejected, looked }, stopped.signal);
  };
  await watch(defaultModel);
  // Not awaited: the service is ready without them.
  for (const modelName of modelNames.slice(1)) void watch(modelName);

  const opened = starting.move();
  // Disposes once, however often it is called. Later callers wait for the same disposal.
  let ended: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    ended ??= opened.disposeAsync();
    return ended;
  };
  return { addresses: running.addresses, setServing: running.setServing, stop, [Symbol.asyncDispose]: stop };
}
