import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ConfigPair, loadConfigPair } from "@bellwether/config/config-pair";
import { loadRiskPolicy, parseRiskPolicy } from "@bellwether/config/risk-policy";
import { parseYaml } from "@bellwether/config/yaml-file";
import { DEFAULT_CHUNK_ROWS } from "@bellwether/contract/chunk-rows";
import { makeDataFolder } from "@bellwether/files/data-folder";
import { type IngestProcess, startIngestProcess } from "@bellwether/ingest/child/ingest-process";
import { withSqlPlace } from "@bellwether/ingest/ingest-errors";
import { DEFAULT_LIMITS, type IngestLimits } from "@bellwether/ingest/ingest-limits";
import type { ScoreMinimum } from "@bellwether/ingest/snapshot/unscored-rows";
import { createMeshTransport, type MeshTransportOptions } from "@bellwether/mesh/client/mesh-transport";
import { NO_AZURE_CREDENTIALS } from "@bellwether/object-store/backends/azure-credentials";
import { isStoreUrl } from "@bellwether/object-store/location/store-url";
import { openObjectStore } from "@bellwether/object-store/open-store";
import { createActiveRules } from "../clients/active-rules.ts";
import { createLedgerWeeks } from "../clients/ledger-weeks.ts";
import { createMlScorer } from "../clients/ml-scorer.ts";
import { createOpsLedger } from "../clients/ops-ledger.ts";
import { checkInputFile } from "../domain/check-input-file.ts";
import type { InputObject } from "../domain/input-object.ts";
import type { ModelFeature } from "../domain/model-contract.ts";
import { InputNotFoundError, mayPass } from "../domain/scheduler-error.ts";
import type { InputMarker } from "../domain/seen-input.ts";
import { type Progress, runWeekly, type WeeklyDeps, type WeeklyResult } from "../domain/weekly-run.ts";
import type { WeeklyRunner } from "../domain/weekly-runner.ts";
import { allOnDisk, diskErrorOf, onDisk } from "../store/disk-error.ts";
import { createInputObjects, sweepInputCopies } from "../store/input-objects.ts";
import { createInputLook } from "../store/look-at-input.ts";
import { createObjectLook } from "../store/look-at-objects.ts";
import { sweepDrafts } from "../store/old-snapshots.ts";
import { openReadable } from "../store/open-readable.ts";
import { publishWeek } from "../store/publish-week.ts";
import { createSnapshotReader, readSource, type SnapshotReader, writeSnapshot } from "../store/snapshot-files.ts";
import { openWeekFolder } from "../store/week-folder.ts";
import { DEFAULT_INPUT_MAX_BYTES, type StoreSettings } from "./run-env.ts";

/** Settings of the weekly runs. */
export interface WeeklySettings {
  /** URLs of the peers' gRPC listeners. */
  readonly mlUrl: string;
  readonly opsUrl: string;
  readonly modelConfig: string;
  readonly featureMapping: string;
  /** File with the limits of losses and the checks of the input (config/risk_policy.yaml). Default: its defaults. */
  readonly riskPolicy?: string;
  /** Folder for snapshots and reports. */
  readonly weeksFolder: string;
  /** Name of the folder for copies of inputs, below that of the weeks. Default: .input. Each model needs its own. */
  readonly copiesFolder?: string;
  /** Number of suppliers in one chunk, 1 to 8,192. A run that has stored chunks keeps their size. Default 4,096. */
  readonly chunkRows?: number;
  /** Object stores of the input and of the results. Default: `DEFAULT_STORES`. */
  readonly stores?: StoreSettings;
  /** Which file beside the input says that it is whole, for checks of an input. Default: none. */
  readonly inputMarker?: InputMarker;
  /** Limits of reading the weekly files. Default: those of `DEFAULT_LIMITS`. */
  readonly ingestLimits?: IngestLimits;
  /** Settings of the calls to peers. Default: clear text, without a token and without new traces. */
  readonly calls?: Pick<MeshTransportOptions, "tls" | "token" | "sampleRatio">;
}

/** No results, and no credentials for Azure besides those of its SDK. */
const DEFAULT_STORES: StoreSettings = {
  ...{ azure: NO_AZURE_CREDENTIALS, resultsUrl: null },
  ...{ inputMaxBytes: DEFAULT_INPUT_MAX_BYTES, inputReadMs: 3_600_000 },
};

/** Folder of the copies of inputs, below that of the weeks. */
export const INPUT_COPIES = ".input";

/**
 * Reads the configuration files (model_config.yaml, feature_mapping.yaml and risk_policy.yaml), creates the folder of the
 * weeks and opens channels to the peers.
 * @throws ConfigError, StorageError
 */
export async function createWeeklyRunner(settings: WeeklySettings): Promise<WeeklyRunner> {
  const pair = await loadConfigPair(settings.modelConfig, settings.featureMapping);
  const policy = await (settings.riskPolicy === undefined ? defaultPolicy() : loadRiskPolicy(settings.riskPolicy));
  await makeDataFolder(settings.weeksFolder);
  const ml = createMeshTransport({ url: settings.mlUrl, ...settings.calls });
  const ops = createMeshTransport({ url: settings.opsUrl, ...settings.calls });
  const { model, mapping } = pair;
  const modelName = model.name;
  const limits = settings.ingestLimits ?? DEFAULT_LIMITS;
  const marker = settings.inputMarker ?? "none";
  const openWeek = (week: string) =>
    allOnDisk(settings.weeksFolder, openWeekFolder(settings.weeksFolder, modelName, week));
  const { azure, inputMaxBytes, inputReadMs, resultsUrl } = settings.stores ?? DEFAULT_STORES;
  const copiesFolder = path.join(settings.weeksFolder, settings.copiesFolder ?? INPUT_COPIES);
  const swept = {
    copies: await sweepInputCopies(copiesFolder, Date.now()),
    drafts: await sweepDrafts(settings.weeksFolder, Date.now()),
  };
  const results = resultsUrl === null ? null : await openObjectStore(resultsUrl, { azure });
  const inputs = createInputObjects({
    folder: copiesFolder,
    openStore: (location) => openObjectStore(location, { azure }),
    maxBytes: inputMaxBytes,
    readMs: inputReadMs,
  });
  const folderOf = (week: string): string => path.join(settings.weeksFolder, modelName, week);
  /** Stores the files of a complete week, if asked. Returns the remarks of the run. */
  const storeResults = async ({ run, notes }: WeeklyResult, signal: AbortSignal): Promise<readonly string[]> => {
    if (results === null) return notes;
    const { isoWeek: week, runId, inputDigest } = run;
    const kept = await openWeek(week).readIngest();
    if (kept !== null && kept.digest !== inputDigest)
      return [...notes, `snapshot and report are not stored: those of revision ${run.revision} are on another machine`];
    const stored = { modelName, week, runId, inputDigest, folder: folderOf(week) };
    const key = await onDisk(settings.weeksFolder, publishWeek(results, stored, signal));
    return [...notes, `snapshot and report are stored: ${results.address}/${key}`];
  };
  const readSourceOf = async (input: string, signal: AbortSignal): Promise<string> => {
    const local = await onDisk(settings.weeksFolder, inputs.refresh(input, signal));
    return await onDisk(input, readSource({ mapping: pair.mapping, input: local, signal }));
  };
  const fixed = {
    configHash: pair.configHash,
    chunkRows: settings.chunkRows ?? DEFAULT_CHUNK_ROWS,
    features: featuresOf(pair),
    policy,
    hasSourceTables: pair.mapping.weekly?.form === "raw",
    supplierId: (pair.mapping.weekly?.form === "flat" ? pair.mapping.weekly.rows : pair.mapping.rows).supplierId,
    readSource: readSourceOf,
    ledger: createOpsLedger(ops, modelName),
    scorer: createMlScorer(ml, modelName),
    openWeek,
    checkInput: async (input: string, signal: AbortSignal) =>
      isStoreUrl(input) ? await inputs.look(input, signal) : await checkFile(input),
    ...{ driftPolicy: policy.drift, hasPolicyFile: settings.riskPolicy !== undefined },
  };
  const readerOf = (snapshots: SnapshotReader) => ({
    readChunks: snapshots.readChunks,
    readSample: (parquet: string, suppliers: number, signal: AbortSignal) =>
      onDisk(settings.weeksFolder, snapshots.readSample(parquet, suppliers, signal)),
    countUnscored: (parquet: string, minimum: ScoreMinimum, signal: AbortSignal) =>
      onDisk(path.dirname(parquet), snapshots.countUnscored(parquet, minimum, signal)),
    findSimilarIds: (parquet: string, signal: AbortSignal) =>
      onDisk(settings.weeksFolder, snapshots.findSimilarIds(parquet, signal)),
    compareIds: (parquet: string, earlierParquet: string, signal: AbortSignal) =>
      onDisk(settings.weeksFolder, snapshots.compareIds(parquet, earlierParquet, signal)),
  });
  const ingestWith =
    (reader: IngestProcess): WeeklyDeps["ingest"] =>
    async (input, outParquet, run, { signal, onProgress, previous }) => {
      const local = await onDisk(settings.weeksFolder, inputs.localPath(input, signal));
      const request = { ...{ model, mapping, limits, run, signal, onProgress, previous }, input: local, outParquet };
      const snapshot = await onDisk(settings.weeksFolder, writeSnapshot(reader, request)).catch((error: unknown) => {
        throw withSqlPlace(error, pair.sqlPlace);
      });
      return { ...snapshot, objects: inputs.copied(input) };
    };
  return {
    modelName,
    configHash: pair.configHash,
    async run(week, input, signal, onProgress, options = {}) {
      const { acceptLosses = null, forceFuture = null, remark = "", keepsSnapshot = false } = options;
      // Started here, the process is ready when the digest of the input is known and the week is in the ledger.
      await using reader = startIngestProcess(limits.folder && path.join(limits.folder, "compiled"));
      await using snapshots = createSnapshotReader(limits, settings.weeksFolder);
      const ingest = ingestWith(reader);
      const report = (now: Progress): void => {
        // A run that continues with its snapshot needs no reader.
        if (now.stage !== "ingest") void reader[Symbol.asyncDispose]();
        onProgress(now);
      };
      const task = { week, input, signal, holder: newHolder(), acceptLosses, forceFuture, remark, keepsSnapshot };
      try {
        const result = await runWeekly({ ...fixed, ...readerOf(snapshots), ingest, onProgress: report }, task);
        const notes = await storeResults(result, signal);
        await inputs.release(input);
        return { ...result, notes };
      } catch (error) {
        // The next attempt uses the copy of the input.
        if (!mayPass(error)) await inputs.release(input);
        throw error;
      }
    },
    async find(input, signal) {
      await fixed.checkInput(input, signal);
    },
    async check(week, input, signal, { isForced = false } = {}) {
      const folder = await onDisk(settings.weeksFolder, mkdtemp(path.join(settings.weeksFolder, ".check-")));
      try {
        await using reader = startIngestProcess(limits.folder && path.join(limits.folder, "compiled"));
        await using snapshots = createSnapshotReader(limits, settings.weeksFolder);
        const lookAtFile = createInputLook({ inputFolder: path.dirname(input), marker, find: readablePath });
        const lookAtObjects = createObjectLook({ inputs, needsMarker: marker === "done" });
        const look = isStoreUrl(input) ? lookAtObjects : lookAtFile;
        const ingest = ingestWith(reader);
        const activeRules = createActiveRules(ops, modelName);
        const read = { ...fixed, ...readerOf(snapshots), ingest };
        const deps = { ...read, activeRules, look, pause: pauseFor, nowMs: Date.now };
        const snapshotPath = path.join(folder, "week.parquet");
        return await checkInputFile(deps, { week, input, snapshotPath, isForced, signal });
      } finally {
        await inputs.release(input);
        await rm(folder, { recursive: true, force: true });
      }
    },
    completion: fixed.ledger.completion,
    weeks: createLedgerWeeks(ops, modelName),
    digestOf: readSourceOf,
    async inputOfRun({ week, sourceDigest }) {
      const kept = await openWeek(week).readIngest();
      return kept !== null && kept.sourceDigest === sourceDigest ? kept.input : null;
    },
    inputs,
    swept,
    folderOf,
    [Symbol.dispose]() {
      inputs[Symbol.dispose]();
      results?.[Symbol.asyncDispose]().then(undefined, () => undefined);
      ml.close();
      ops.close();
    },
  };
}

/** Returns the policy of a file that sets nothing. */
const defaultPolicy = () => parseRiskPolicy(parseYaml("version: 1\n", "the default risk policy"));

function featuresOf({ model }: ConfigPair): ModelFeature[] {
  const features = model.features.map(({ name, kind, unit }) => ({ name, kind, unit }));
  return model.text === null ? features : [...features, { name: model.text.name, kind: "text", unit: "" }];
}

const newHolder = (): string => `${os.hostname().slice(0, 64)}/${process.pid}/${randomUUID()}`;

const pauseFor = (ms: number, signal: AbortSignal): Promise<void> => delay(ms, undefined, { signal });

async function readablePath(input: string): Promise<string> {
  await openReadable(input);
  return input;
}

/** A file has no objects. */
async function checkFile(input: string): Promise<readonly InputObject[]> {
  await openReadable(input).catch((error: unknown) => {
    throw diskErrorOf(error, input) ?? new InputNotFoundError(input);
  });
  return [];
}
