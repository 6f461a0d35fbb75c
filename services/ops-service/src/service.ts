import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { AlertRules } from "@bellwether/config/alert-rules";
import { outcomesOf } from "@bellwether/config/model-config";
import type { RiskPolicy } from "@bellwether/config/risk-policy";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ErasureService } from "@bellwether/gen/bellwether/ops/v1/erasure_service_pb";
import { ExternalScoreService } from "@bellwether/gen/bellwether/ops/v1/external_score_service_pb";
import { ReportService } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { RetentionService } from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ShadowService } from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { route } from "@bellwether/mesh/call/route";
import { createMeshTransport, type MeshTransportOptions } from "@bellwether/mesh/client/mesh-transport";
import { type RunningServer, type ServerOptions, startServer } from "@bellwether/mesh/server/start-server";
import { staticFiles } from "@bellwether/mesh/web/static-files";
import { type ServiceNarrator, TEMPLATE_NARRATOR } from "@bellwether/narrative/generate/service-narrator";
import { watchPostgres } from "@bellwether/postgres/watch/watch-postgres";
import type { Logger } from "@bellwether/telemetry/logger";
import type { Telemetry } from "@bellwether/telemetry/start-telemetry";
import { type AccessConfig, startAccess } from "./access.ts";
import { createAlertReads } from "./alert-reads.ts";
import { startAudit } from "./audit.ts";
import { createChangeDivider } from "./clients/divide-changes.ts";
import { createStoredExplainer } from "./clients/explain-stored.ts";
import { createModelFinder } from "./clients/find-model.ts";
import { passOnInference } from "./clients/pass-on-inference.ts";
import { passOnAliases, passOnRegistry, passOnShadow } from "./clients/pass-on-registry.ts";
import { createScoreReplayer } from "./clients/replay-scores.ts";
import { createDelegations } from "./delegations.ts";
import { decideOnAlert } from "./domain/alerts/triage-alert.ts";
import { shownScores } from "./domain/external-scores/external-score.ts";
import { createRuleFiles } from "./domain/rules/rule-files.ts";
import { importSuppliers } from "./domain/suppliers/store-master-data.ts";
import type { ExportConfig } from "./exports/run-exports.ts";
import { startExports } from "./exports/start-exports.ts";
import { startRetentionCare } from "./jobs/retention-care.ts";
import { startMerges } from "./merges.ts";
import { type NoticeConfig, startNotices } from "./notices.ts";
import { startOutcomes } from "./outcomes.ts";
import { alertHandlers } from "./rpc/alerts/alerts.ts";
import { replayHandlers } from "./rpc/audit/replay.ts";
import { erasureHandlers } from "./rpc/erasures/erasures.ts";
import { OPS_ERRORS } from "./rpc/error-codes.ts";
import { externalScoreHandlers } from "./rpc/external-scores/external-scores.ts";
import { suppliersOfBatch } from "./rpc/messages/kept-batch.ts";
import { REST_ROUTES } from "./rpc/rest.ts";
import { batchHandlers } from "./rpc/runs/batch.ts";
import { reportHandlers } from "./rpc/runs/reports.ts";
import { retentionHandlers } from "./rpc/runs/retention.ts";
import { explainHandlers } from "./rpc/suppliers/explain-scores.ts";
import { masterDataHandlers } from "./rpc/suppliers/master-data.ts";
import { narrativeHandlers } from "./rpc/suppliers/narratives.ts";
import { supplierHandlers } from "./rpc/suppliers/suppliers.ts";
import { startRules } from "./rules.ts";
import type { AuditConfig } from "./setup/audit-env.ts";
import { createFullDisk } from "./setup/full-disk.ts";
import type { NoNotices } from "./setup/notice-env.ts";
import type { OutcomeSpecOf } from "./setup/read-outcome-spec.ts";
import { createTriage, endDueTerms } from "./store/alerts/alert-triage.ts";
import { findAlert } from "./store/alerts/alerts.ts";
import { createChangeFeed } from "./store/alerts/change-feed.ts";
import { findText } from "./store/alerts/find-text.ts";
import { readKnownOwners } from "./store/alerts/known-owners.ts";
import { writeRunValues } from "./store/alerts/run-values.ts";
import { createBackgroundWork } from "./store/background-work.ts";
import { ALERT_CHANNEL, RUN_CHANNEL } from "./store/channels.ts";
import { openDatabase } from "./store/database.ts";
import { translateDatabaseError } from "./store/database-error.ts";
import { eraseBatchPayloads } from "./store/erasures/batch-payloads.ts";
import { listDueErasures, listErasures, reportErasure } from "./store/erasures/erasures.ts";
import { importExternalScores, readExternalScores } from "./store/external-scores/external-scores.ts";
import { repeat } from "./store/repeat.ts";
import { findRecordedEvent } from "./store/replay/recorded-events.ts";
import { readStoredChunk } from "./store/replay/stored-chunks.ts";
import { createRequestKeyStore } from "./store/request-keys.ts";
import { readModelScores } from "./store/retention/old-scores.ts";
import { removeOldData } from "./store/retention/remove-old-data.ts";
import { readRemovedItems } from "./store/retention/retention-progress.ts";
import { completeOldData } from "./store/runs/complete-old-data.ts";
import { createTransact, findLatestRun, findRun, listRuns } from "./store/runs/runs.ts";
import { readStoredReport } from "./store/runs/stored-report.ts";
import { readWeekReport } from "./store/runs/week-report.ts";
import { writeChunk } from "./store/runs/write-chunk.ts";
import { createLabelTexts } from "./store/scores/label-texts.ts";
import { fillHistory } from "./store/scores/score-history.ts";
import { indexWholeRuns } from "./store/scores/score-partitions.ts";
import { listAlertModels, listScoringModels } from "./store/scores/scoring-models.ts";
import { readStoredInput, readStoredInputs } from "./store/scores/stored-inputs.ts";
import { createImportTransaction, listMasterData } from "./store/suppliers/master-data.ts";
import { writePendingKeys } from "./store/suppliers/search-keys.ts";
import { searchSuppliers } from "./store/suppliers/search-suppliers.ts";
import { createRunGroups } from "./store/suppliers/supplier-groups.ts";
import { findSupplier, listSuppliers } from "./store/suppliers/suppliers.ts";
import { refreshStatistics } from "./store/table-statistics.ts";
import { watchlistRoute } from "./watchlists.ts";

/** The files of a further model. The rest of the policy is that of the default model. */
export interface ModelFiles {
  readonly alertRules: AlertRules;
  readonly riskPolicy: RiskPolicy;
}

/** The configuration of ops-service. */
export interface OpsServiceConfig
  extends Pick<ServerOptions, "host" | "ports" | "tls" | "auth" | "web" | "limits">,
    Pick<AccessConfig, "signIn" | "apiKeysHoldMs"> {
  /** URL of a database that only ops-service uses, with user and password. */
  readonly databaseUrl: string;
  /**
   * URL of the same database for the role that owns its tables and migrates them. Default: the role of `databaseUrl`, which
   * can then also rewrite the audit log.
   */
  readonly databaseOwnerUrl?: string;
  /** How the audit log is verified and signed. Default: no checkpoints. */
  readonly audit?: AuditConfig;
  readonly alertRules: AlertRules;
  readonly riskPolicy: RiskPolicy;
  /** Name of the default model, to which `alertRules` and `riskPolicy` apply. Default: supplier-risk. */
  readonly defaultModel?: string;
  /** The files of further models, by name (docs/several-models.md). Default: none. */
  readonly furtherModels?: ReadonlyMap<string, ModelFiles>;
  /** What counts as the risk of each model. Default: the values of a model that declares nothing. */
  readonly outcomesOf?: OutcomeSpecOf;
  /** URL of the gRPC listener of ml-service. */
  readonly mlUrl: string;
  /** URL of the gRPC listener of scheduler-service, which moves aliases. Undefined: it is not known. */
  readonly schedulerUrl?: string;
  /**
   * Credentials for calls to the other services on behalf of callers without a token. Default: clear text, without a
   * token.
   */
  readonly calls?: Pick<MeshTransportOptions, "tls" | "token" | "allowCleartext">;
  /** How people are notified of alerts. Undefined: no notices are recorded or sent. */
  readonly notices?: NoticeConfig;
  /** Why no notice of any alert is sent. Left out: notices are sent, or `notices` is left out. */
  readonly noNotices?: NoNotices;
  /** Where alerts and audit events are sent. Undefined: they stay in the database. */
  readonly exports?: ExportConfig;
  /** Folder of the built dashboard. Undefined: the web listener serves only the RPCs. */
  readonly dashboard?: string;
  /** Describes scores in sentences. Default: from the template, in English. */
  readonly narrator?: ServiceNarrator;
  readonly logger: Logger;
  /** Telemetry of the process. Undefined: no metrics and no spans. */
  readonly telemetry?: Telemetry;
  /** Interval at which data that is older than its retention is removed, milliseconds. Default one hour. */
  readonly retentionMs?: number;
  /** Time between the end of the use of old scores and their removal, milliseconds. Default five minutes. */
  readonly retentionGraceMs?: number;
  /** Returns the current time. Default: the system's clock. */
  readonly now?: () => Date;
}

/**
 * A weekly run sends several large chunks at the same time. A chunk that waits for the previous one must not
 * be rejected as overload.
 */
const PATIENT = { maxWaitMs: 5_000, overloadWaitMs: 2_000 };

/** As BELLWETHER_MODEL. */
const DEFAULT_MODEL = "supplier-risk";

/** How often the service ends snoozes and overrides whose time is over. */
const TERMS_INTERVAL_MS = 10_000;
const RETENTION_MS = 3_600_000;
/** Longer than the longest statement of a reader. */
const RETENTION_GRACE_MS = 300_000;
/** How often the service looks for search keys, and for values of runs, that were not written after their transaction. */
const KEYS_INTERVAL_MS = 30_000;

/**
 * Opens the database, migrates its tables and starts the listeners. The service is ready while the database
 * answers. @throws StorageError or ListenError with a one-line message
 */
export async function createOpsService(config: OpsServiceConfig): Promise<RunningServer> {
  const { databaseUrl, alertRules, riskPolicy, mlUrl, schedulerUrl, calls, dashboard, logger, telemetry, ...rest } =
    config;
  const { notices, noNotices, narrator, exports: _exports, ...listening } = rest;
  const now = config.now ?? (() => new Date());
  const newId = randomUUID;
  // The dashboard samples its traces at the same rate as the service.
  const stated = { "trace-sample-ratio": telemetry?.sampleRatio ?? 0 };
  const page = dashboard === undefined ? [] : [staticFiles(dashboard, stated)];
  await using starting = new AsyncDisposableStack();
  const database = await openDatabase(databaseUrl, config.databaseOwnerUrl);
  const { db, inTransaction, runs, publishing, triage } = database;
  starting.defer(database.close);
  for (const { name, cause } of database.missingIndexes)
    logger.warn({ index: name, cause }, "an index was not built: some lists are slower until a start builds it");
  await completeOldData(runs, logger);
  const histories = starting.use(
    createBackgroundWork(
      () => fillHistory(publishing.db, publishing.inTransaction),
      (error) => logger.warn({ err: error }, "histories of suppliers were not written"),
    ),
  );
  const statistics = starting.use(
    createBackgroundWork(
      () => refreshStatistics(publishing.db),
      (error) => logger.warn({ err: error }, "table statistics were not collected: lists can be slow for a minute"),
    ),
  );
  const searchKeys = starting.use(
    createBackgroundWork(
      () => writePendingKeys(publishing.inTransaction),
      (error) => logger.warn({ err: error }, "search keys of suppliers were not written"),
    ),
  );
  const batchSearch = starting.use(
    createBackgroundWork(
      () => eraseBatchPayloads(database.retention.inTransaction, suppliersOfBatch, { now, newId }),
      (error) =>
        logger.warn({ err: error }, "batches of erased suppliers were not searched; the next pass tries again"),
    ),
  );
  const indexes = starting.use(
    createBackgroundWork(
      () => indexWholeRuns(publishing.db, publishing.inTransaction),
      (error) => logger.warn({ err: error }, "indexes were not built before the run was completed"),
    ),
  );
  const feed = createChangeFeed(database.listen);
  starting.defer(feed.close);
  const connect = (url: string) =>
    starting.use(createMeshTransport({ url, ...calls, ...(telemetry && { sampleRatio: telemetry.sampleRatio }) }));
  const ml = connect(mlUrl);
  const scheduler = schedulerUrl === undefined ? undefined : connect(schedulerUrl);
  const { impact, minCompleteness, externalSources } = riskPolicy;
  const ledger = { now, newId, minCompleteness, recordNotices: notices !== undefined };
  // Values that a killed process has left: lists show them from the first call on.
  await writeRunValues(runs, ledger);
  const runValues = starting.use(
    createBackgroundWork(
      () => writeRunValues(runs, ledger),
      (error) =>
        logger.warn({ err: error }, "values of a run were not written to its alerts; the next pass tries again"),
    ),
  );
  const { defaultModel = DEFAULT_MODEL, furtherModels = new Map<string, ModelFiles>() } = config;
  const ruleFiles = createRuleFiles(
    defaultModel,
    alertRules,
    new Map([...furtherModels].map(([modelName, files]) => [modelName, files.alertRules])),
  );
  const shownPolicy = { currency: impact.currency, minCompleteness };
  const groupsOf = createRunGroups(db);
  const labelTexts = createLabelTexts(db);
  const inImport = createImportTransaction(inTransaction, { now, newId, currency: impact.currency });
  const inTriage = createTriage(triage, ledger);
  const fullDisk = createFullDisk();
  const translateError = (error: unknown): unknown =>
    translateDatabaseError(error, (reason, isFull) => {
      logger.warn({ reason }, isFull ? "the disk of the database is full" : "the database does not answer");
      if (isFull) fullDisk.report();
    });
  const access = starting.use(startAccess(config, { database, feed, logger, now, newId, translateError }));
  const sent = starting.use(startNotices(notices, { database, logger, now, newId, noNotices: noNoticesOf(config) }));
  const replay = replayHandlers({
    replayScores: createScoreReplayer(ml),
    findRecordedEvent: (id) => findRecordedEvent(db, id),
    findLatestRun: (which) => findLatestRun(db, which),
    readStoredChunk: (runId, after, supplierId) => readStoredChunk(db, { runId, after, supplierId }),
  });
  const audit = starting.use(
    await startAudit(config.audit ?? {}, {
      ...{ database, logger, now, replay, replayPolicy: riskPolicy.replay },
      onErased: batchSearch.start,
    }),
  );
  const rules = await startRules({
    ...{ files: ruleFiles, databaseUrl, database, now, newId },
    outcomesOf: config.outcomesOf ?? (() => outcomesOf(null)),
  });
  const outcomes = starting.use(
    startOutcomes({
      ...{ activeRulesOf: rules.readActive, databaseUrl, database, ml, logger, now, newId },
      reviews: riskPolicy.reviews,
      outcomesOf: config.outcomesOf ?? (() => outcomesOf(null)),
    }),
  );
  const delegations = createDelegations({ database, now, newId, limits: riskPolicy.delegations });
  const merges = starting.use(await startMerges({ database, now, newId }));
  const reads = createAlertReads(database, merges.links, now);
  const server = await startServer({
    ...listening,
    name: "ops-service",
    routes: [
      route(
        BatchService,
        batchHandlers({
          ...ledger,
          filesOf: (modelName) => ({
            rules: ruleFiles.of(modelName),
            policy: furtherModels.get(modelName)?.riskPolicy ?? riskPolicy,
          }),
          signCheckpoint: audit.sign,
          transact: createTransact(inTransaction, ledger),
          transactLong: createTransact(publishing.inTransaction, ledger),
          finishSearchKeys: searchKeys.finish,
          writeRunValues: runValues.finish,
          yieldToOthers: () => setImmediate(),
          startIndexes: indexes.start,
          finishIndexes: () => indexes.finish().catch(() => undefined),
          divideChanges: createChangeDivider(ml),
          isPublished: createModelFinder(ml),
          onComplete() {
            statistics.start();
            histories.start();
            outcomes.onComplete();
            audit.signSoon();
          },
          async writeChunk(lease, chunk) {
            const receipt = await runs.inTransaction(({ connection }) => writeChunk(connection, lease, chunk, impact));
            searchKeys.start();
            return receipt;
          },
          findRun: (runId) => findRun(db, runId),
          findLatestRun: (which) => findLatestRun(db, which),
          listRuns: (limit, beforeId) => listRuns(db, limit, beforeId),
          watchRuns: (signal) => feed.watch(RUN_CHANNEL, signal),
        }),
      ),
      route(AlertService, {
        ...rules.backtest,
        ...alertHandlers({
          ...{ now, ...reads },
          findText: (query) => findText(db, query),
          ownersOf: delegations.ownersOf,
          readKnownOwners: (scope) =>
            readKnownOwners(db, { scope, ofRoutes: notices?.routes.owners.keys() ?? [], now: now() }),
          listModels: () => listScoringModels(db),
          listAlertModels: () => listAlertModels(db),
          watchAlerts: (signal) => feed.watch(ALERT_CHANNEL, signal),
          requestKeys: createRequestKeyStore(triage.db),
          async decide(request, scope) {
            // A database with one model needs no look-up of the alert's model.
            const found = furtherModels.size === 0 ? undefined : await findAlert(triage.db, request.alertId, scope);
            const modelName = found?.alert.modelName ?? "";
            const [first] = await rules.readActive(modelName);
            const { coolDownWeeks, longestDays } = first?.rules ?? ruleFiles.of(modelName);
            await inTriage(scope, (transaction) =>
              decideOnAlert(transaction, { ...request, coolDownWeeks, longestDays }),
            );
          },
        }),
      }),
      route(SupplierService, {
        ...supplierHandlers({
          ...{ policy: shownPolicy, watchedNumbers: reads.watchedNumbers },
          searchSuppliers: (search) => searchSuppliers(db, search, { labelTexts, links: merges.links() }),
          listSuppliers: (query, limit) =>
            listSuppliers(db, query, limit, { groupsOf, labelTexts, links: merges.links() }),
          findSupplier: (supplierId, which) => findSupplier(db, supplierId, which, labelTexts),
          // Without a source, nothing is read.
          readExternalScores: async (supplierId, scope) =>
            externalSources.length === 0
              ? []
              : shownScores(externalSources, await readExternalScores(db, supplierId, scope !== undefined), now()),
        }),
        ...explainHandlers({
          ...createStoredExplainer(ml),
          readStoredInput: (supplierId, which) => readStoredInput(db, supplierId, which),
          readStoredInputs: (supplierId, which) => readStoredInputs(db, supplierId, which),
        }),
        ...narrativeHandlers({
          narrator: narrator ?? TEMPLATE_NARRATOR,
          findSupplier: (supplierId, which) => findSupplier(db, supplierId, which, labelTexts),
        }),
        ...masterDataHandlers({
          policy: shownPolicy,
          importSuppliers: (request) => importSuppliers(inImport, request, impact),
          listMasterData: (query) => listMasterData(db, query, labelTexts),
        }),
      }),
      route(
        ReportService,
        reportHandlers({
          ...{ now, policy: shownPolicy },
          readWeekReport: (request) => readWeekReport(db, request),
          readStoredReport: (request) => readStoredReport(db, request),
        }),
      ),
      route(
        RetentionService,
        retentionHandlers({
          retention: riskPolicy.retention,
          noticeDays: notices?.routes.retentionDays ?? null,
          readModelScores: () => readModelScores(db, riskPolicy.retention.scoreWeeks),
          readRemovedItems: () => readRemovedItems(db),
        }),
      ),
      route(
        ErasureService,
        erasureHandlers({
          now,
          listErasures: (before, limit) => listErasures(db, before, limit),
          listDue: (place) => listDueErasures(db, place),
          report: (report) => inTransaction((tx) => reportErasure(tx, { ...report, eventId: newId() })),
        }),
      ),
      watchlistRoute(database, { now, newId, limits: riskPolicy.watchlists }),
      route(
        ExternalScoreService,
        externalScoreHandlers({
          sources: externalSources,
          importScores: (request) =>
            inTransaction((tx) => importExternalScores(tx, { ...request, at: now(), eventId: newId() })),
        }),
      ),
      audit.route,
      route(InferenceService, passOnInference(ml)),
      route(ModelRegistryService, passOnRegistry(ml)),
      route(ShadowService, passOnShadow(ml)),
      route(ModelPublishingService, passOnAliases(scheduler)),
      delegations.route,
      ...access.routes,
      ...sent.routes,
      ...outcomes.routes,
      ...rules.routes,
      merges.route,
    ],
    errors: OPS_ERRORS,
    translateError,
    logger,
    rest: REST_ROUTES,
    webHandlers: [...access.webHandlers, ...page],
    policies: [...audit.policies, ...access.policies],
    ...(access.auth && { auth: access.auth }),
    admission: PATIENT,
    ...(telemetry && { telemetry }),
  });
  starting.use(server);
  // The service is ready without notices and exports; people who look at /readyz see that they are missing or behind.
  let exportsText = "";
  let missing: string | undefined;
  const showReadiness = (): void => {
    const facts = [fullDisk.text, noNotices?.text ?? "", exportsText].filter((text) => text !== "").join("; ");
    server.setServing("", missing === undefined, missing ?? facts);
  };
  showReadiness();
  fullDisk.onChange = showReadiness;
  const storeWatch = watchPostgres(databaseUrl, (usable, reason) => {
    if (usable) logger.info("ready: the database answers again");
    else logger.warn(`not ready: the database ${reason}`);
    missing = usable ? undefined : `the database ${reason}`;
    showReadiness();
  });
  starting.use(storeWatch);
  if (config.exports) {
    const onStatus = (text: string): void => {
      if (text === exportsText) return;
      exportsText = text;
      showReadiness();
    };
    starting.use(startExports({ databaseUrl, config: config.exports, logger, onStatus }));
  }
  const graceMs = config.retentionGraceMs ?? RETENTION_GRACE_MS;
  starting.use(
    startRetentionCare({
      removeOldData() {
        // What a failed or killed process has left.
        batchSearch.start();
        return removeOldData(database.retention, riskPolicy.retention, { graceMs, now, newId });
      },
      everyMs: config.retentionMs ?? RETENTION_MS,
      onDone: (done) => logger.info(done, "old data removed"),
      onError: (error) => logger.warn({ err: error }, "old data was not removed; the next pass tries again"),
    }),
  );
  // Keys and values that a failed or killed process has left.
  starting.use(repeat(KEYS_INTERVAL_MS, async () => void (await writeRunValues(runs, ledger))));
  starting.use(repeat(KEYS_INTERVAL_MS, async () => void (await writePendingKeys(publishing.inTransaction))));
  starting.use(
    repeat(TERMS_INTERVAL_MS, async () => {
      await endDueTerms(triage.inTransaction, now());
    }),
  );
  const opened = starting.move();
  let ended: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    ended ??= opened.disposeAsync();
    return ended;
  };
  return { addresses: server.addresses, setServing: server.setServing, stop, [Symbol.asyncDispose]: stop };
}

/** Returns why no notice is sent. A service that is started without destinations sends none. */
function noNoticesOf({ notices, noNotices }: OpsServiceConfig): NoNotices["reason"] | undefined {
  return noNotices?.reason ?? (notices ? undefined : "no_destinations");
}
