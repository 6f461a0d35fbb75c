import { supplierIdViolation } from "@bellwether/contract/supplier-id";
import { type InferenceService, NarrativeSource } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { Supplier } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { featureNames } from "@bellwether/narrative/facts/feature-names";
import { narrativeFacts } from "@bellwether/narrative/facts/narrative-facts";
import { narrativeWaitMs, type ServiceNarrator } from "@bellwether/narrative/generate/service-narrator";
import { languageFromProto, narrativeInfoToProto } from "@bellwether/narrative/proto/narrative-to-proto";
import { type SharedContribution, selectContributions } from "@bellwether/reasons/contribution-shares";
import { selectReasons } from "@bellwether/reasons/select-reasons";
import type { StoredImportance } from "@bellwether/registry/versions/read-importance";
import { explainChange } from "@bellwether/scoring/change/explain-change";
import { describeFeatures } from "@bellwether/scoring/score/feature-facts";
import { NotExplainableError, type SupplierScore, scoreSupplier } from "@bellwether/scoring/score/score-supplier";
import type { ServiceImpl } from "@connectrpc/connect";
import { checkColumnNames } from "../domain/check-names.ts";
import { ChangeModelError, SupplierIdError } from "../domain/ml-error.ts";
import type { ScoreCounts } from "../domain/score-counts.ts";
import { scoreRows } from "../domain/score-rows.ts";
import type { LoadedModels, VersionSelector } from "../model/loaded-models.ts";
import type { Shadow } from "../shadow/shadow.ts";
import { scoredRowKey } from "./audit/kept-input.ts";
import { batchFromProto } from "./batch-from-proto.ts";
import { batchToProto } from "./batch-to-proto.ts";
import { changeToProto } from "./change-to-proto.ts";
import { counterfactualFromProto, counterfactualToProto } from "./counterfactual-to-proto.ts";
import { importanceToProto } from "./importance-to-proto.ts";
import { predictStream, type StreamOptions } from "./predict-stream.ts";
import { replayHandler } from "./replay.ts";
import {
  contributionToProto,
  explanationKindToProto,
  identityToProto,
  outputSpaceToProto,
  scoreToProto,
  sharedContributionConverter,
} from "./score-to-proto.ts";
import { selectorFromProto } from "./selector-from-proto.ts";
import { supplierFromProto } from "./supplier-from-proto.ts";

/** The functions that the handlers use. */
export interface InferenceDeps {
  readonly loadedModels: LoadedModels;
  /** Reads the global explanation of a version. */
  readonly readImportance: (selector: Omit<VersionSelector, "anyVersion">) => Promise<StoredImportance>;
  readonly newPredictionId: () => string;
  readonly narrator: ServiceNarrator;
  /** Compares what the champion answers with the challenger. */
  readonly shadow: Pick<Shadow, "offerScore" | "offerBatch">;
  readonly counts: ScoreCounts;
  readonly stream: Pick<StreamOptions, "recordBlock" | "maxStreams">;
}

const DEFAULT_TOP = 5;

/** Returns the id of the supplier. @throws SupplierIdError */
const idFromProto = (supplier: Supplier | undefined, path = "supplier"): string => {
  const id = supplier?.supplierId ?? "";
  const violation = supplierIdViolation(id);
  if (violation !== undefined) throw new SupplierIdError(violation, path);
  return id;
};
/** Returns the handlers of InferenceService over the loaded models. */
export function inferenceHandlers({
  loadedModels,
  readImportance,
  newPredictionId,
  narrator,
  shadow,
  counts,
  stream,
}: InferenceDeps): ServiceImpl<typeof InferenceService> {
  return {
    predict: ({ supplier, model, topContributions }, context) =>
      loadedModels.withModel(selectorFromProto(model, context), async (scoring) => {
        const began = performance.now();
        const supplierId = idFromProto(supplier);
        const input = supplierFromProto(supplier);
        const top = topContributions ?? DEFAULT_TOP;
        const score = await scoreSupplier(scoring, input, "supplier", top);
        context.values.set(scoredRowKey, { bundle: scoring.bundle, row: score.row });
        counts.suppliers("Predict", scoring.identity, [score], performance.now() - began);
        shadow.offerScore(scoring, supplierId, input, score);
        return { score: scoreToProto(supplierId, newPredictionId(), score, scoring, top) };
      }),

    predictBatch: (request, context) =>
      loadedModels.withModel(selectorFromProto(request.model, context), async (scoring) => {
        const began = performance.now();
        const input = batchFromProto(request);
        checkColumnNames(scoring.bundle, input);
        const { withContributions, withTermWeights } = request;
        const scores = await scoring.scoreBatch(input, withContributions, context.signal, withTermWeights);
        shadow.offerBatch(scoring, request.supplierIds, input, scores);
        counts.batch("PredictBatch", scoring.identity, scores, performance.now() - began);
        return batchToProto(request, scores, scoring);
      }),

    predictStream: predictStream({ ...stream, loadedModels, counts, shadow }),

    predictRows: ({ suppliers, model, topContributions }, context) =>
      loadedModels.withModel(selectorFromProto(model, context), async (scoring) => {
        const began = performance.now();
        const rows = suppliers.map((supplier) => ({ id: supplier.supplierId, input: supplierFromProto(supplier) }));
        const top = topContributions ?? DEFAULT_TOP;
        const { scored, rejected } = await scoreRows(scoring, rows, top, context.signal);
        const scores = scored.map(({ score }) => score);
        counts.suppliers("PredictRows", scoring.identity, scores, performance.now() - began);
        for (const { row, id, score } of scored) {
          const input = rows[row]?.input;
          if (input !== undefined) shadow.offerScore(scoring, id, input, score);
        }
        return {
          scored: scored.map(({ row, id, score }) => ({
            row,
            score: scoreToProto(id, newPredictionId(), score, scoring, top),
          })),
          rejected: rejected.map(({ fields, ...rest }) => ({ ...rest, fields: [...fields] })),
          model: identityToProto(scoring.identity),
        };
      }),

    replay: replayHandler(loadedModels),

    counterfactual: (request, context) =>
      loadedModels.withModel(selectorFromProto(request.model, context), async (scoring) => {
        const supplierId = idFromProto(request.supplier);
        const asked = counterfactualFromProto(request, supplierFromProto(request.supplier));
        const answer = await scoring.findCounterfactuals(asked, "supplier", context.signal);
        const shownScore = (score: SupplierScore) =>
          scoreToProto(supplierId, newPredictionId(), score, scoring, DEFAULT_TOP);
        return counterfactualToProto(answer, asked, scoring.bundle, shownScore);
      }),

    async *explain(request, context) {
      const { supplier, model, withNarrative, withTexts, maxContributions, minShare, narrativeLanguage } = request;
      const supplierId = idFromProto(supplier);
      const selected = selectorFromProto(model, context);
      const { score, bundle, explainer } = await loadedModels.withModel(selected, async (scoring) => {
        if (scoring.explainer === null) throw new NotExplainableError(scoring);
        const began = performance.now();
        const score = await scoreSupplier(scoring, supplierFromProto(supplier), "supplier");
        context.values.set(scoredRowKey, { bundle: scoring.bundle, row: score.row });
        counts.suppliers("Explain", scoring.identity, [score], performance.now() - began);
        return {
          score,
          bundle: scoring.bundle,
          explainer: scoring.explainer,
        };
      });
      const base = {
        score: scoreToProto(supplierId, newPredictionId(), score, { bundle, explainer }, DEFAULT_TOP),
        baseValue: explainer.baseValue,
        kind: explanationKindToProto(bundle),
        background: bundle.explanation.background,
        outputSpace: outputSpaceToProto(bundle),
      };
      yield { part: { case: "base", value: base } };
      const limits = { max: maxContributions, minShare };
      const language = languageFromProto(narrativeLanguage, narrator.defaultLanguage);
      const convert = withTexts
        ? sharedContributionConverter(bundle, language)
        : ({ entry }: SharedContribution) => contributionToProto(entry, bundle);
      const { kept, omittedCount, omitted } = selectContributions(score.contributions, limits);
      yield {
        part: {
          case: "contributions",
          value: {
            contributions: kept.map(convert),
            ...{ omittedContributions: omittedCount, omitted },
          },
        },
      };
      if (!withNarrative) return;
      const features = describeFeatures(bundle);
      const { reasons, unstated } = selectReasons(score.contributions, features);
      const names = featureNames(features, language);
      const facts = narrativeFacts(
        { ...score, bandLimits: bundle.bands, reasons, unstated },
        supplier?.contractText ?? "",
        names,
      );
      const narrative = await narrator.narrate({
        ...{ supplierId, facts, language, signal: context.signal },
        waitMs: narrativeWaitMs(context.timeoutMs()),
      });
      for (const sentence of narrative.sentences) yield { part: { case: "narrative", value: sentence } };
      yield { part: { case: "narrativeInfo", value: narrativeInfoToProto(narrative, language) } };
      const source = narrative.source === "template" ? NarrativeSource.TEMPLATE : NarrativeSource.MISTRAL;
      yield { part: { case: "narrativeSource", value: source } };
    },

    explainChange({ before, after, maxParts }, context) {
      const [beforeId, afterId] = [
        idFromProto(before?.supplier, "before.supplier"),
        idFromProto(after?.supplier, "after.supplier"),
      ];
      const [old, now] = [selectorFromProto(before?.model, context), selectorFromProto(after?.model, context)];
      return loadedModels.withModel(old, (oldModel) =>
        loadedModels.withModel(now, async (newModel) => {
          const [oldName, newName] = [oldModel.identity.name, newModel.identity.name];
          if (oldName !== newName) throw new ChangeModelError(oldName, newName);
          const change = await explainChange(
            { model: oldModel, input: supplierFromProto(before?.supplier), path: "before.supplier" },
            { model: newModel, input: supplierFromProto(after?.supplier), path: "after.supplier" },
          );
          return changeToProto(change, {
            before: { supplierId: beforeId, predictionId: newPredictionId(), model: oldModel },
            after: { supplierId: afterId, predictionId: newPredictionId(), model: newModel },
            maxParts,
          });
        }),
      );
    },

    explainModel: async ({ model, maxFeatures }) =>
      importanceToProto(await readImportance({ modelName: "", modelVersion: "", ...model }), maxFeatures),
  };
}
