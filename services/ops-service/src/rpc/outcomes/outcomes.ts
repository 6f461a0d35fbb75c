import { createHash } from "node:crypto";
import type { OutcomeSpec } from "@bellwether/config/model-spec";
import { parseIsoWeek } from "@bellwether/contract/iso-week";
import {
  type OutcomeRow,
  type OutcomeSchema,
  OutcomeSource,
  OutcomeValue,
} from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import {
  ListOutcomesRequestSchema,
  OutcomeConflict,
  type OutcomeService,
  type RecordOutcomesRequest,
  RecordOutcomesRequestSchema,
} from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { actorOf, type Caller, callerOf } from "@bellwether/mesh/call/caller";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { ModelNotScoredError } from "../../domain/ops-error.ts";
import type { CorrectionRequest } from "../../domain/outcomes/correct-outcome.ts";
import type { Outcome, OutcomeInput, OutcomeSource as Source } from "../../domain/outcomes/outcome.ts";
import type { RecordRequest, RecordResult } from "../../domain/outcomes/record-outcomes.ts";
import type { ReviewSample } from "../../domain/outcomes/review-sample.ts";
import { chooseModel, type ScoringModel } from "../../domain/scores/choose-model.ts";
import { nameOf } from "../messages/alert-to-proto.ts";
import { pageOf, rowFromText, scopeKey } from "../page-token.ts";
import { checkedText } from "../typed-text.ts";

export interface OutcomeDependencies {
  readonly listModels: () => Promise<readonly ScoringModel[]>;
  readonly outcomesOf: (modelName: string) => OutcomeSpec;
  readonly record: (
    request: RecordRequest,
    scope: SupplierScope | undefined,
  ) => Promise<RecordResult & { readonly isRepeated: boolean }>;
  readonly correct: (request: CorrectionRequest, scope: SupplierScope | undefined) => Promise<Outcome>;
  readonly list: (
    query: {
      readonly modelName: string;
      readonly supplierId: string;
      readonly source: Source | undefined;
      readonly includeReplaced: boolean;
      readonly before: number | undefined;
      readonly scope: SupplierScope | undefined;
    },
    limit: number,
  ) => Promise<readonly Outcome[]>;
  readonly readReviews: (which: {
    readonly modelName: string;
    readonly isoWeek: string;
    readonly openOnly: boolean;
    readonly scope: SupplierScope | undefined;
  }) => Promise<ReviewSample>;
}

const DEFAULT_PAGE = 100;

const SOURCES: Readonly<Record<Source, OutcomeSource>> = {
  file: OutcomeSource.FILE,
  call: OutcomeSource.CALL,
  review: OutcomeSource.REVIEW,
};

/** Returns the handlers of OutcomeService. */
export function outcomeHandlers(deps: OutcomeDependencies): ServiceImpl<typeof OutcomeService> {
  return {
    async recordOutcomes(request, context) {
      const modelName = chooseModel(await deps.listModels(), request.modelName);
      if (modelName === undefined) throw new ModelNotScoredError(request.modelName, []);
      const caller = callerOf(context);
      const { violations, isRepeated, ...counts } = await deps.record(
        recordFromProto(request, modelName, caller),
        caller.scope,
      );
      const { horizonDays } = deps.outcomesOf(modelName);
      return { ...counts, violations: [...violations], modelName, horizonDays, repeatedRequest: isRepeated };
    },
    async correctOutcome({ outcomeId, outcome, reason }, context) {
      const correction = outcome
        ? {
            occurred: outcome.value === OutcomeValue.OCCURRED,
            happenedOn: outcome.happenedOn,
            knownOn: outcome.knownOn,
          }
        : null;
      const caller = callerOf(context);
      const wanted = { outcomeId, correction, reason: checkedText(reason, "reason"), actor: actorOf(caller) };
      return { outcome: outcomeToProto(await deps.correct(wanted, caller.scope)) };
    },
    async listOutcomes(request, context) {
      const { scope } = callerOf(context);
      const { modelName, supplierId, includeReplaced } = request;
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(ListOutcomesRequestSchema, request, ...scopeKey(scope));
      const [last] = tokens.read(request.pageToken, 1) ?? [];
      const before = last === undefined ? undefined : rowFromText(last, Number.MAX_SAFE_INTEGER);
      const source = nameOf(SOURCES, request.source);
      const rows = await deps.list({ modelName, supplierId, source, includeReplaced, before, scope }, size + 1);
      const page = pageOf(rows, size, tokens, ({ number }) => [number]);
      return { outcomes: page.items.map(outcomeToProto), nextPageToken: page.nextPageToken };
    },
    async listReviews({ modelName, isoWeek, openOnly }, context) {
      if (isoWeek !== "") parseIsoWeek(isoWeek);
      const { suppliers, frame, seed, ...sample } = await deps.readReviews({
        ...{ modelName, isoWeek, openOnly },
        scope: callerOf(context).scope,
      });
      return {
        ...sample,
        frame: BigInt(frame),
        seed: BigInt(seed),
        reviews: suppliers.map(({ supplierId, name, riskScore, occurred }) => ({
          ...{ supplierId, supplierName: name, isoWeek: sample.isoWeek, riskScore },
          answer: occurred === null ? OutcomeValue.UNSPECIFIED : outcomeValue(occurred),
        })),
      };
    },
  };
}

const outcomeValue = (occurred: boolean): OutcomeValue =>
  occurred ? OutcomeValue.OCCURRED : OutcomeValue.NOT_OCCURRED;

function recordFromProto(request: RecordOutcomesRequest, modelName: string, caller: Caller): RecordRequest {
  const { requestId, rows, source, onConflict, dryRun } = request;
  // The spelling of an id is no difference between two requests.
  const compared = { ...request, rows: rows.map((row) => ({ ...row, predictionId: row.predictionId.toLowerCase() })) };
  return {
    ...{ requestId, modelName, actor: actorOf(caller), isDryRun: dryRun },
    digest: createHash("sha256")
      .update(scopeKey(caller.scope).join())
      .update(toBinary(RecordOutcomesRequestSchema, compared))
      .digest("hex"),
    source: nameOf(SOURCES, source) ?? "call",
    corrects: onConflict === OutcomeConflict.CORRECT,
    rows: rows.map(inputFromProto),
  };
}

function inputFromProto({
  supplierId,
  predictionId,
  isoWeek,
  value,
  happenedOn,
  knownOn,
  note,
}: OutcomeRow): OutcomeInput {
  const occurred = value === OutcomeValue.OCCURRED ? true : value === OutcomeValue.NOT_OCCURRED ? false : undefined;
  return { supplierId, predictionId, isoWeek, occurred, happenedOn, knownOn, note };
}

function outcomeToProto(outcome: Outcome): MessageInitShape<typeof OutcomeSchema> {
  const { supplierId, modelName, isoWeek, knownOn, note, recordedBy, withdrawn } = outcome;
  return {
    outcomeId: outcome.id,
    ...{ supplierId, modelName, isoWeek, knownOn, note, recordedBy, withdrawn },
    value: outcomeValue(outcome.occurred),
    happenedOn: outcome.happenedOn ?? "",
    source: SOURCES[outcome.source],
    predictionId: outcome.predictionId ?? "",
    recordedAt: timestampFromDate(outcome.recordedAt),
    replacesOutcomeId: outcome.replaces ?? "",
    replacedByOutcomeId: outcome.replacedBy ?? "",
  };
}
