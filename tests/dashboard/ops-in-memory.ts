import type { CounterfactualResponseSchema } from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { ExplainModelResponseSchema } from "@bellwether/gen/bellwether/inference/v1/model_explanation_pb";
import { NarrativeLanguage, NarrativeOutcome } from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import type { ExternalScoreSchema } from "@bellwether/gen/bellwether/ops/v1/external_score_pb";
import { type GetWeekResponseSchema, ReportService } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import type { ExplainScoreChangeResponseSchema } from "@bellwether/gen/bellwether/ops/v1/score_explanation_pb";
import type { Supplier, SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import {
  MatchKind,
  type NarrateSupplierResponseSchema,
  SupplierService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type AlertsData, alertsInMemory } from "./alerts-in-memory.ts";
import { type AuditData, auditInMemory, demoAudit } from "./audit-in-memory.ts";
import { demoMerges, type MergeData, mergesInMemory } from "./merges-in-memory.ts";
import { demoModels, type ModelData, modelsInMemory } from "./models-in-memory.ts";
import { demoNotices, type NoticeData, noticesInMemory } from "./notices-in-memory.ts";
import { type PerformanceData, performanceData, performanceInMemory } from "./performance-in-memory.ts";
import { demoRules, type RuleData, rulesInMemory } from "./rules-in-memory.ts";
import { createWatched } from "./watched.ts";
import { demoWatchlists, type WatchlistData, watchlistsInMemory } from "./watchlists-in-memory.ts";

/** The data of the server. Tests change it, and report the change to the watches. */
export interface OpsData extends Pick<AlertsData, "deputyFor"> {
  alerts: Alert[];
  suppliers: Supplier[];
  /** Scores by supplier id, newest first. */
  histories: Map<string, SupplierScore[]>;
  runs: BatchRun[];
  /** What GetSupplier has of external sources. Undefined: no source is declared. */
  externalScores?: MessageInitShape<typeof ExternalScoreSchema>[];
  /** Undefined: those of `demoWatchlists`. */
  watchlists?: WatchlistData;
  /** What ExplainScoreChange returns, besides the weeks of the request. */
  change?: MessageInitShape<typeof ExplainScoreChangeResponseSchema>;
  /** What ExplainModel returns. */
  importance?: MessageInitShape<typeof ExplainModelResponseSchema>;
  /** The answer of a search, by the features that the reader has excluded. Undefined: an empty one. */
  counterfactuals?: (excluded: readonly string[]) => MessageInitShape<typeof CounterfactualResponseSchema>;
  /** What NarrateSupplier returns. Undefined: one sentence in the language of the request. */
  narrative?: MessageInitShape<typeof NarrateSupplierResponseSchema>;
  /** The summary of the latest week. Undefined: no run is complete. */
  week?: MessageInitShape<typeof GetWeekResponseSchema>;
  /** Undefined: those of `demoNotices`. */
  notices?: NoticeData;
  /** Undefined: those of `performanceData`. */
  performance?: PerformanceData;
  /** Undefined: those of `demoModels`. */
  models?: ModelData;
  /** Undefined: that of `demoAudit`. */
  audit?: AuditData;
  /** Undefined: those of `demoRules`. */
  rules?: RuleData;
  /** Undefined: those of `demoMerges`. */
  merges?: MergeData;
}

/**
 * Returns the ops contracts over data in memory, with what the page relies on: filters, order, pages, errors
 * and watches.
 * @param meanwhile changes an alert as somebody else would, between the user's click and the call
 */
export function opsInMemory(data: OpsData, meanwhile: (alert: Alert) => void = () => {}) {
  const rules = data.rules ?? demoRules();
  const watchlists = data.watchlists ?? demoWatchlists();
  const watched = (watchlistId: string) => watchlists.members.get(watchlistId);
  const alerts = alertsInMemory(Object.assign(data, { watched }), meanwhile, () => rules.backtest);
  const notices = noticesInMemory(data.notices ?? demoNotices());
  const runs = createWatched<BatchRun>();
  const routes: Route[] = [
    ...alerts.routes,
    ...notices.routes,
    ...performanceInMemory(data.performance ?? performanceData()),
    ...modelsInMemory(data.models ?? demoModels()),
    ...auditInMemory(data.audit ?? demoAudit()),
    ...rulesInMemory(rules),
    watchlistsInMemory(watchlists),
    mergesInMemory(data.merges ?? demoMerges()),
    route(SupplierService, {
      searchSuppliers({ query, limit }) {
        const text = query.toLowerCase();
        const found = data.suppliers.filter(({ name, supplierId }) =>
          `${name}\n${supplierId}`.toLowerCase().includes(text),
        );
        return {
          matches: found.slice(0, limit || 20).map((supplier) => ({ supplier, kind: MatchKind.NAME })),
          truncated: found.length > (limit || 20),
          modelName: "supplier-risk",
        };
      },
      listSuppliers({ bands, query, watchlistId }) {
        const members = watchlistId === "" ? undefined : (watched(watchlistId) ?? []);
        const suppliers = data.suppliers
          .filter(({ supplierId }) => members === undefined || members.includes(supplierId))
          .filter(({ latestScore }) => bands.length === 0 || bands.includes(latestScore?.band ?? 0))
          .filter(({ name }) => name.toLowerCase().includes(query.toLowerCase()));
        return {
          ...{ suppliers, totalSize: BigInt(suppliers.length), completenessLimit: 0.5 },
          ...(suppliers.length > 0 && { isoWeek: "2026-W47", modelName: "supplier-risk" }),
        };
      },
      getSupplier({ supplierId, modelName: wanted }) {
        const supplier = data.suppliers.find((one) => one.supplierId === supplierId);
        if (!supplier) throw new ConnectError("no such supplier", Code.NotFound);
        const all = data.histories.get(supplierId) ?? [];
        const models = [...new Set(all.map(({ model }) => model?.name ?? ""))];
        const modelName = wanted || models[0] || "";
        const history = all.filter(({ model }) => model?.name === modelName);
        const latestScore = supplier.latestScore?.model?.name === modelName ? supplier.latestScore : history[0];
        return {
          ...{ history, modelName, scoredByModels: models, externalScores: data.externalScores ?? [] },
          supplier: { ...supplier, ...(latestScore && { latestScore }) },
        };
      },
      explainScoreChange({ beforeWeek, afterWeek }) {
        if (!data.change) throw new ConnectError("the version v1 is not in the registry", Code.FailedPrecondition);
        return { ...data.change, beforeWeek, afterWeek };
      },
      findCounterfactuals: ({ isoWeek, limits }) => ({
        ...{ isoWeek, result: data.counterfactuals?.(limits.map(({ feature }) => feature)) ?? {} },
      }),
      narrateSupplier: ({ supplierId, language }) =>
        data.narrative ?? {
          sentences: [
            language === NarrativeLanguage.GERMAN ? `${supplierId} auf Deutsch.` : `${supplierId} in English.`,
          ],
          info: { language, generated: true, outcome: NarrativeOutcome.ACCEPTED, languageModel: "a-model" },
        },
    }),
    route(InferenceService, {
      explainModel: () => data.importance ?? { absence: "v3 has no global explanation" },
    }),
    route(ReportService, {
      getWeek: () => data.week ?? {},
    }),
    route(BatchService, {
      getRun({ isoWeek }) {
        const run = data.runs.find((one) => isoWeek === "" || one.isoWeek === isoWeek);
        if (!run) throw new ConnectError("no such run", Code.NotFound);
        return { run };
      },
      listRuns: () => ({ runs: data.runs }),
      async *watchRun({ runId }, { signal }) {
        const now = data.runs.find((one) => one.runId === runId);
        if (!now) throw new ConnectError("no such run", Code.NotFound);
        yield { run: now };
        for await (const run of runs.values(signal)) {
          if (run.runId === runId) yield { run };
          if (run.state !== RunState.RUNNING) return;
        }
      },
    }),
  ];
  return { routes, alerts, notices, changes: alerts.changes, runs };
}
