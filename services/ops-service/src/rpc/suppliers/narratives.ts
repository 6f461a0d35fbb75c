import type { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { callerOf } from "@bellwether/mesh/call/caller";
import { featureNames } from "@bellwether/narrative/facts/feature-names";
import { narrativeFacts } from "@bellwether/narrative/facts/narrative-facts";
import { narrativeWaitMs, type ServiceNarrator } from "@bellwether/narrative/generate/service-narrator";
import { languageFromProto, narrativeInfoToProto } from "@bellwether/narrative/proto/narrative-to-proto";
import type { ServiceImpl } from "@connectrpc/connect";
import { ScoreNotFoundError, SupplierNotFoundError } from "../../domain/ops-error.ts";
import { modelToProto } from "../messages/run-to-proto.ts";
import type { SupplierDependencies } from "./suppliers.ts";

/** What the handler of narratives needs. */
export interface NarrativeDependencies extends Pick<SupplierDependencies, "findSupplier"> {
  readonly narrator: ServiceNarrator;
}

/** Returns the handler of SupplierService that describes a stored score in sentences. */
export function narrativeHandlers({
  findSupplier,
  narrator,
}: NarrativeDependencies): Pick<ServiceImpl<typeof SupplierService>, "narrateSupplier"> {
  return {
    async narrateSupplier({ supplierId, modelName, language: wanted }, context) {
      const found = await findSupplier(supplierId, { weeks: 1, modelName, scope: callerOf(context).scope });
      if (!found) throw new SupplierNotFoundError(supplierId);
      const score = found.supplier.latestScore;
      if (!score) throw new ScoreNotFoundError(supplierId, found.modelName, "in any week");
      const { riskScore, band, explanation, isoWeek, scoredBy } = score;
      const language = languageFromProto(wanted, narrator.defaultLanguage);
      const missing = explanation?.completeness?.missing ?? [];
      // The text of the contract is not stored, so the words of the contract have no place.
      const facts = narrativeFacts(
        {
          ...{ riskScore, band, bandLimits: scoredBy?.bandLimits, prediction: null, missing },
          ...{ reasons: explanation?.reasons ?? [], unstated: explanation?.unstated ?? [] },
        },
        "",
        featureNames(explanation?.features ?? [], language),
      );
      const narrative = await narrator.narrate({
        ...{ supplierId, facts, language, signal: context.signal },
        waitMs: narrativeWaitMs(context.timeoutMs()),
      });
      return {
        ...{ sentences: [...narrative.sentences], isoWeek, ...(scoredBy && { model: modelToProto(scoredBy) }) },
        info: narrativeInfoToProto(narrative, language),
      };
    },
  };
}
