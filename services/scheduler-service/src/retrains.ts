import os from "node:os";
import path from "node:path";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { outcomesOf } from "@bellwether/config/model-config";
import { DEFAULT_PROMOTION_POLICY } from "@bellwether/config/promotion-policy";
import { DEFAULT_RETRAIN } from "@bellwether/config/retrain-policy";
import { loadRiskPolicy } from "@bellwether/config/risk-policy";
import type { Queues } from "@bellwether/queue/open-queue";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import { listModels, listVersions, type VersionCheck } from "@bellwether/registry/versions/read-version";
import { publishTrained } from "@bellwether/scoring/publish/publish-trained";
import type { Logger } from "@bellwether/telemetry/logger";
import type { Transport } from "@connectrpc/connect";
import { createNewestWeek } from "./clients/newest-week.ts";
import { createOpenAlerts } from "./clients/open-alerts.ts";
import { createOpsLedger } from "./clients/ops-ledger.ts";
import { createOpsOutcomes } from "./clients/ops-outcomes.ts";
import { createOpsSink } from "./clients/ops-sink.ts";
import { createWeekReviews } from "./clients/week-reviews.ts";
import type { RetrainSteps, RetrainVersion } from "./domain/retrain.ts";
import { retrainEvent } from "./domain/retrain-event.ts";
import { type RetrainJobs, startRetrainJobs } from "./jobs/retrain-jobs.ts";
import { createRetrainMemory } from "./jobs/retrain-memory.ts";
import { createDueCheck } from "./setup/create-due-check.ts";
import { createRetrainGate } from "./setup/create-retrain-gate.ts";
import { createRetrainSteps } from "./setup/create-retrain-steps.ts";
import { openRetrainFile } from "./store/retrain-file.ts";

/** What the retrains of a scheduler use. */
export interface RetrainsConfig {
  readonly modelConfig: string;
  readonly featureMapping: string;
  /** File with the policy of the retrains. Default: its defaults. */
  readonly riskPolicy?: string;
  readonly weeksFolder: string;
  readonly registry: Registry;
  /** Connection to ops-service. */
  readonly ops: Transport;
  readonly queues: Queues;
  /** Name of the queue. Default: that of the default model. */
  readonly queueName?: string;
  /** Name of the model in metrics. Undefined: the default model, which has none there. */
  readonly modelLabel?: string;
  readonly logger: Logger;
  /** Time after which the job of a killed worker is taken over, milliseconds. */
  readonly lockMs?: number;
  /** Interval at which it is checked whether a retrain is due, milliseconds. Default 60,000. */
  readonly checkMs?: number;
  readonly now?: () => Date;
  /** Loads a version as a service does, outside the event loop. */
  readonly check: (signal: AbortSignal) => VersionCheck;
  /** Publishes one version after the other. */
  readonly inTurn: <T>(publish: () => Promise<T>) => Promise<T>;
  /** Called when an alias may have moved. */
  readonly onPublished: () => void;
}

/** The running retrains of one model. */
export interface Retrains extends AsyncDisposable {
  readonly jobs: RetrainJobs;
  readonly modelName: string;
  readonly isAutomatic: boolean;
}

const CHECK_MS = 60_000;
const BUILDER = "bellwether scheduler-service 0.1.0";

/** Starts the retrains of a model. @throws ConfigError */
export async function startRetrains(config: RetrainsConfig): Promise<Retrains> {
  const { weeksFolder, registry, ops, queues, logger, lockMs, check, inTurn, now = () => new Date() } = config;
  const pair = await loadConfigPair(config.modelConfig, config.featureMapping);
  const { retrain: policy, promotion } =
    config.riskPolicy === undefined
      ? { retrain: DEFAULT_RETRAIN, promotion: DEFAULT_PROMOTION_POLICY }
      : await loadRiskPolicy(config.riskPolicy);
  const modelName = pair.model.name;
  const outcomes = createOpsOutcomes(ops, modelName);
  const newestWeek = createNewestWeek(ops, modelName);
  const place = `${os.hostname()} ${weeksFolder}`;
  const publish: RetrainSteps["publish"] = (trained, { actor, trigger, reason }, signal) =>
    inTurn(async () => {
      signal.throwIfAborted();
      const { configHash } = pair;
      const publishedAt = now();
      const published = await publishTrained(
        registry,
        { modelName, configHash, trained, explained: trained.explained, builder: BUILDER, now: publishedAt },
        { setBy: actor, reason: `retrain (${trigger}): ${reason}` },
        { check: check(signal), alias: policy.alias },
      );
      config.onPublished();
      const { version, alias } = published;
      if (published.isNew) return { version, alias, publishedMs: publishedAt.getTime() };
      return await describeExisting(registry, modelName, version);
    });
  const gate = createRetrainGate({
    ...{ registry, modelName, policy: promotion, check, onPublished: config.onPublished, now },
    limits: { maxMemoryBytes: policy.maxMemoryMib * 2 ** 20, timeoutMs: policy.maxMinutes * 60_000 },
    openAlerts: createOpenAlerts(ops, modelName),
    weekReviews: outcomesOf(pair.model).completeAfterDays === null ? createWeekReviews(ops, modelName) : null,
  });
  const jobs = await startRetrainJobs({
    ...{ queues, policy, newestWeek, logger, now },
    ...(lockMs !== undefined && { lockMs }),
    ...(config.queueName !== undefined && { queueName: config.queueName }),
    ...(config.modelLabel !== undefined && { modelLabel: config.modelLabel }),
    checkMs: config.checkMs ?? CHECK_MS,
    steps: createRetrainSteps({
      ...{ pair, policy, weeksFolder, outcomes, publish, gate, now },
      completeInput: createOpsLedger(ops, modelName).completeInput,
    }),
    memory: createRetrainMemory({
      store: openRetrainFile(path.join(weeksFolder, modelName, "retrains.json")),
      eventOf: (record) => retrainEvent(modelName, record, place),
      append: createOpsSink(ops),
      ...{ now, logger },
    }),
    findDue: createDueCheck({
      ...{ model: pair.model, policy, weeksFolder, outcomes, newestWeek, now },
      async newestVersionMs() {
        if (!(await listModels(registry)).includes(modelName)) return null;
        const [newest] = await listVersions(registry, modelName);
        return newest === undefined ? null : Date.parse(newest.publishedAt);
      },
    }),
  });
  return { jobs, modelName, isAutomatic: policy.isAutomatic, [Symbol.asyncDispose]: () => jobs.stop() };
}

/** Returns when an existing version was published, and the alias that it has. */
async function describeExisting(registry: Registry, modelName: string, version: string): Promise<RetrainVersion> {
  const { aliases } = await readAliases(registry, modelName);
  const found = (await listVersions(registry, modelName)).find((one) => one.version === version);
  const alias = aliases.find((one) => one.version === version)?.name ?? null;
  return { version, alias, publishedMs: Date.parse(found?.publishedAt ?? "") };
}
