import type { ExternalSource } from "@bellwether/config/external-sources";
import {
  type ExternalScoreSchema,
  type ExternalSourceSchema,
  MissingExternalScore,
} from "@bellwether/gen/bellwether/ops/v1/external_score_pb";
import {
  ExternalScoreRejection,
  type ExternalScoreService,
} from "@bellwether/gen/bellwether/ops/v1/external_score_service_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type ExternalScoreRow,
  ExternalSourceNotFoundError,
  type RejectedRow,
  type RejectionReason,
  type ShownExternalScore,
} from "../../domain/external-scores/external-score.ts";

export interface ExternalScoreDependencies {
  readonly sources: readonly ExternalSource[];
  readonly importScores: (request: {
    readonly source: ExternalSource;
    readonly rows: readonly ExternalScoreRow[];
    readonly isDryRun: boolean;
    readonly replaces: boolean;
    readonly actor: string;
  }) => Promise<{
    readonly stored: number;
    readonly unchanged: number;
    readonly replaced: number;
    readonly rejected: readonly RejectedRow[];
  }>;
}

const REASONS: Readonly<Record<RejectionReason, ExternalScoreRejection>> = {
  not_a_number: ExternalScoreRejection.NOT_A_NUMBER,
  outside_scale: ExternalScoreRejection.OUTSIDE_SCALE,
  invalid_day: ExternalScoreRejection.INVALID_DAY,
  future_day: ExternalScoreRejection.FUTURE_DAY,
  unknown_supplier: ExternalScoreRejection.UNKNOWN_SUPPLIER,
  contradicted: ExternalScoreRejection.CONTRADICTED,
  stored_differently: ExternalScoreRejection.STORED_DIFFERENTLY,
};

const MISSING: Readonly<Record<NonNullable<ShownExternalScore["missing"]>, MissingExternalScore>> = {
  none: MissingExternalScore.NONE,
  stale: MissingExternalScore.STALE,
  outside_scale: MissingExternalScore.OUTSIDE_SCALE,
};

/** Returns the handlers of ExternalScoreService. */
export function externalScoreHandlers(deps: ExternalScoreDependencies): ServiceImpl<typeof ExternalScoreService> {
  const { sources } = deps;
  return {
    async importExternalScores({ source: name, rows, dryRun, replace }, context) {
      const source = sources.find((one) => one.name === name);
      if (!source)
        throw new ExternalSourceNotFoundError(
          name,
          sources.map((one) => one.name),
        );
      const actor = actorOf(callerOf(context));
      const request = { source, isDryRun: dryRun, replaces: replace, actor };
      const { rejected, ...counts } = await deps.importScores({
        ...request,
        rows: rows.map(({ supplierId, score, asOf }) => ({ supplierId, score, asOf })),
      });
      return {
        ...counts,
        rejected: rejected.map(({ row, reason, message }) => ({ row, reason: REASONS[reason], message })),
      };
    },
    async listExternalSources() {
      return { sources: sources.map(sourceToProto) };
    },
  };
}

function sourceToProto(source: ExternalSource): MessageInitShape<typeof ExternalSourceSchema> {
  const { name, title, licence, min, max, higherIsRiskier, staleAfterDays } = source;
  return { name, title, licence, min, max, higherIsRiskier, staleAfterDays };
}

/** Converts what is shown of a source. A missing score has no number. */
export function externalScoreToProto(shown: ShownExternalScore): MessageInitShape<typeof ExternalScoreSchema> {
  const { source, score, missing, asOf, ageDays, scoredSupplierId } = shown;
  return {
    ...{ source: sourceToProto(source), asOf, ageDays, scoredSupplierId },
    ...(score !== null && { score }),
    missing: missing === null ? MissingExternalScore.UNSPECIFIED : MISSING[missing],
  };
}
