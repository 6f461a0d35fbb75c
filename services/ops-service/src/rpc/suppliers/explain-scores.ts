import { isoWeekNumber } from "@bellwether/contract/iso-week";
import {
  ChangeNoteCode,
  ChangeNoteSchema,
  type ExplainChangeRequestSchema,
  type ExplainChangeResponse,
} from "@bellwether/gen/bellwether/inference/v1/change_pb";
import type {
  CounterfactualRequestSchema,
  CounterfactualResponse,
} from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import type {
  ExplainRequestSchema,
  ExplainResponse,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { type Score, WarningCode } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { callerOf } from "@bellwether/mesh/call/caller";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { QueryError } from "../../domain/ops-error.ts";
import { checkSameFiles, type StoredInput, storedDifference, suppliedInput } from "../../domain/scores/stored-input.ts";

export interface ExplainDependencies {
  /** Explains a score with ml-service. @throws VersionGoneError */
  readonly explain: (
    request: MessageInitShape<typeof ExplainRequestSchema>,
    context: HandlerContext,
  ) => Promise<readonly ExplainResponse[]>;
  /** Explains a change with ml-service. @throws VersionGoneError */
  readonly explainChange: (
    request: MessageInitShape<typeof ExplainChangeRequestSchema>,
    context: HandlerContext,
  ) => Promise<ExplainChangeResponse>;
  /** Searches for counterfactuals with ml-service. @throws VersionGoneError */
  readonly findCounterfactuals: (
    request: MessageInitShape<typeof CounterfactualRequestSchema>,
    context: HandlerContext,
  ) => Promise<CounterfactualResponse>;
  readonly readStoredInput: (
    supplierId: string,
    which: { readonly modelName: string; readonly isoWeek: string; readonly scope: SupplierScope | undefined },
  ) => Promise<StoredInput>;
  readonly readStoredInputs: (
    supplierId: string,
    which: {
      readonly modelName: string;
      readonly before: string;
      readonly after: string;
      readonly scope: SupplierScope | undefined;
    },
  ) => Promise<{ readonly before: StoredInput; readonly after: StoredInput }>;
}

/** Maximum number of notes in a response. */
const MAX_NOTES = 2_048;

const modelOf = ({ scoredBy }: StoredInput) => ({ modelName: scoredBy.name, modelVersion: scoredBy.version });

/** Says which categories the version does not know: they count as missing. */
const unknownNotes = (score: Score | undefined) =>
  (score?.warnings ?? [])
    .filter(({ code }) => code === WarningCode.UNKNOWN_CATEGORY)
    .map(({ feature, message }) =>
      create(ChangeNoteSchema, { code: ChangeNoteCode.UNKNOWN_CATEGORY, feature, message }),
    );

const differenceNote = (stored: StoredInput, riskScore: number | undefined) => {
  const message = storedDifference(stored, riskScore);
  return message === null ? [] : [create(ChangeNoteSchema, { code: ChangeNoteCode.STORED_SCORE_DIFFERS, message })];
};

/** Returns the handlers of SupplierService that explain stored scores with ml-service. */
export function explainHandlers(
  deps: ExplainDependencies,
): Pick<ServiceImpl<typeof SupplierService>, "explainScore" | "explainScoreChange" | "findCounterfactuals"> {
  return {
    async explainScore(request, context) {
      const { supplierId, isoWeek, modelName, maxContributions, minShare, withTexts } = request;
      const { withNarrative, narrativeLanguage } = request;
      checkWeek("iso_week", isoWeek);
      const stored = await deps.readStoredInput(supplierId, { modelName, isoWeek, scope: callerOf(context).scope });
      const parts = await deps.explain(
        {
          supplier: suppliedInput(supplierId, stored),
          model: modelOf(stored),
          ...{ maxContributions, minShare, withTexts, withNarrative, narrativeLanguage },
        },
        context,
      );
      const base = parts.flatMap(({ part }) => (part.case === "base" ? [part.value] : []))[0];
      const list = parts.flatMap(({ part }) => (part.case === "contributions" ? [part.value] : []))[0];
      const { score } = base ?? {};
      checkSameFiles(stored, score?.model);
      const info = parts.flatMap(({ part }) => (part.case === "narrativeInfo" ? [part.value] : []))[0];
      return {
        ...{ isoWeek: stored.isoWeek, runId: stored.runId },
        ...(score && { score }),
        ...(base && {
          baseValue: base.baseValue,
          kind: base.kind,
          background: base.background,
          outputSpace: base.outputSpace,
        }),
        contributions: list?.contributions ?? [],
        omittedContributions: list?.omittedContributions ?? 0,
        omitted: list?.omitted ?? 0,
        narrative: parts.flatMap(({ part }) => (part.case === "narrative" ? [part.value] : [])).join(" "),
        ...(info && { narrativeInfo: info }),
        ...(stored.riskScore !== null && { storedRiskScore: stored.riskScore }),
        notes: [...differenceNote(stored, score?.riskScore), ...unknownNotes(score)],
      };
    },
    async findCounterfactuals(request, context) {
      const { supplierId, isoWeek, modelName, maxChanges, maxCounterfactuals, targetBand, limits } = request;
      checkWeek("iso_week", isoWeek);
      const stored = await deps.readStoredInput(supplierId, { modelName, isoWeek, scope: callerOf(context).scope });
      const result = await deps.findCounterfactuals(
        {
          supplier: suppliedInput(supplierId, stored),
          model: modelOf(stored),
          ...{ targetBand, limits },
          ...(maxChanges !== undefined && { maxChanges }),
          ...(maxCounterfactuals !== undefined && { maxCounterfactuals }),
        },
        context,
      );
      checkSameFiles(stored, result.score?.model);
      return {
        ...{ isoWeek: stored.isoWeek, runId: stored.runId, result },
        ...(stored.riskScore !== null && { storedRiskScore: stored.riskScore }),
        notes: [...differenceNote(stored, result.score?.riskScore), ...unknownNotes(result.score)],
      };
    },
    async explainScoreChange({ supplierId, beforeWeek, afterWeek, modelName, maxParts }, context) {
      checkWeek("before_week", beforeWeek);
      checkWeek("after_week", afterWeek);
      if (beforeWeek !== "" && beforeWeek === afterWeek)
        throw new QueryError("before_week", "is the same week as after_week");
      const which = { modelName, before: beforeWeek, after: afterWeek, scope: callerOf(context).scope };
      const { before, after } = await deps.readStoredInputs(supplierId, which);
      const change = await deps.explainChange(
        {
          before: { supplier: suppliedInput(supplierId, before), model: modelOf(before) },
          after: { supplier: suppliedInput(supplierId, after), model: modelOf(after) },
          maxParts,
        },
        context,
      );
      checkSameFiles(before, change.before?.model);
      checkSameFiles(after, change.after?.model);
      const notes = [
        ...differenceNote(before, change.before?.riskScore),
        ...differenceNote(after, change.after?.riskScore),
      ];
      return {
        ...{ beforeWeek: before.isoWeek, afterWeek: after.isoWeek },
        ...{ beforeVersion: before.scoredBy.version, afterVersion: after.scoredBy.version },
        change: { ...change, notes: [...notes, ...change.notes].slice(0, MAX_NOTES) },
        ...(before.riskScore !== null && { beforeStoredRiskScore: before.riskScore }),
        ...(after.riskScore !== null && { afterStoredRiskScore: after.riskScore }),
      };
    },
  };
}

/** @throws QueryError for a text that is not a week; an empty text means a default. */
function checkWeek(field: string, isoWeek: string): void {
  if (isoWeek !== "" && isoWeekNumber(isoWeek) === undefined)
    throw new QueryError(field, `"${isoWeek}" is not a week, such as 2026-W47`);
}
