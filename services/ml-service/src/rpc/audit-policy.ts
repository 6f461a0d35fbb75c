import { hash } from "node:crypto";
import { bandFromNumber } from "@bellwether/contract/band-codes";
import { supplierIdViolation } from "@bellwether/contract/supplier-id";
import {
  ExplainChangeRequestSchema,
  ExplainChangeResponseSchema,
} from "@bellwether/gen/bellwether/inference/v1/change_pb";
import {
  CounterfactualOutcome,
  CounterfactualRequestSchema,
  type CounterfactualResponse,
  CounterfactualResponseSchema,
} from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import {
  ExplainRequestSchema,
  ExplainResponseSchema,
  InferenceService,
  type PredictBatchRequest,
  PredictBatchRequestSchema,
  PredictBatchResponseSchema,
  PredictRequestSchema,
  PredictResponseSchema,
  type PredictRowsRequest,
  PredictRowsRequestSchema,
  type PredictRowsResponse,
  PredictRowsResponseSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { ModelIdentity, ModelSelector, Score, Supplier } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import {
  GRPCInferenceService,
  ModelInferRequestSchema,
  type ModelInferResponse,
  ModelInferResponseSchema,
} from "@bellwether/gen/inference/grpc_service_pb";
import { Call } from "@bellwether/mesh/call/call";
import { actorOf } from "@bellwether/mesh/call/caller";
import type { Policy } from "@bellwether/mesh/call/policy";
import { codeName } from "@bellwether/mesh/errors/code-name";
import { create, type DescMethod, isMessage, type Message, toBinary } from "@bufbuild/protobuf";
import type { ConnectError, HandlerContext } from "@connectrpc/connect";
import type { RejectionCounts } from "../audit/rejection-counts.ts";
import {
  type AuditEvent,
  type AuditPayload,
  answersDigest,
  scoreBits,
  storedText,
  supplierDigest,
} from "../domain/audit-event.ts";
import type { CountDroppedEvents, RecordEvent } from "../domain/audit-ports.ts";
import { keptBatch, keptBatchAnswer, keptScore, keptSupplier, scoredRowKey } from "./kept-input.ts";

export interface AuditPolicyOptions {
  readonly record: RecordEvent;
  /** Counts rejected calls that are not recorded as single events. */
  readonly rejections: Pick<RejectionCounts, "count">;
  readonly lost: CountDroppedEvents;
  /** Whether events have the input of scores, so that the scores can be computed again. */
  readonly keepsInput: boolean;
  readonly newId: () => string;
  readonly now: () => number;
}

/** The policy, and what records the blocks of a stream as they are answered. */
export interface AuditPolicy extends Policy {
  /** Records one block of a stream as a batch. Never throws. */
  recordBlock(context: HandlerContext, sent: Message, answered: Message): void;
  /** Records the calls that have ended and are not recorded yet, for the end of the service. */
  recordEnded(): void;
}

/** An answered call whose event is still to be made. */
interface Ended {
  readonly call: Call;
  readonly endedAtMs: number;
}

/** The fields of an event that come from one message. */
type AuditFields = Partial<Pick<AuditEvent, "kind" | "subject">> & { readonly payload?: AuditPayload };

const MAX_NAME_BYTES = 256;

/**
 * Records every call of the InferenceService, and every ModelInfer of the Open Inference Protocol, when it ends: answered, rejected by a policy or a handler, or
 * cancelled. Calls that were rejected before their caller was known, or because of overload, are only
 * counted: anybody can make any number of them.
 */
export function auditPolicy(options: AuditPolicyOptions): AuditPolicy {
  const { record, rejections, lost, keepsInput, newId, now } = options;
  const eventFromCall = createEventOfCall(keepsInput);
  let ended: Ended[] = [];
  const recordEnded = (): void => {
    const calls = ended;
    ended = [];
    for (const { call, endedAtMs } of calls) {
      try {
        record(eventFromCall(call, undefined, newId(), endedAtMs));
      } catch {
        lost(1, "not_recorded");
      }
    }
  };
  // node:http2 writes an answer and its trailers in the next two iterations of the event loop. The digest of the input
  // would delay them.
  const recordAfterAnswer = (call: Call): void => {
    if (ended.push({ call, endedAtMs: now() }) === 1) setImmediate(() => setImmediate(recordEnded));
  };
  return {
    recordEnded,
    recordBlock(context, sent, answered) {
      try {
        if (context instanceof Call) record(eventFromCall(context, undefined, newId(), now(), sent, answered));
      } catch {
        lost(1, "not_recorded");
      }
    },
    close(call, error) {
      if (!isRecorded(call.bound.method)) return;
      // The blocks of a stream are recorded one by one, when they are answered.
      if (error === undefined && call.bound.method === InferenceService.method.predictStream) return;
      try {
        const reason = error && reasonOf(error);
        if (error && (!call.identified || reason === OVERLOADED)) {
          rejections.count({ rpc: call.bound.name, code: codeName(error), reason, identified: call.identified });
        } else if (!error && call.protocolName === "grpc") {
          recordAfterAnswer(call);
        } else {
          recordEnded();
          record(eventFromCall(call, error, newId(), now()));
        }
      } catch {
        lost(1, "not_recorded");
      }
    },
  };
}

/** Whether this policy records the calls of an RPC: of all that answer something about a supplier. */
export const isRecorded = (method: DescMethod): boolean =>
  method === GRPCInferenceService.method.modelInfer ||
  (method.parent.typeName === InferenceService.typeName && !NOT_RECORDED.has(method));

/** ExplainModel reads a file of the registry; Replay repeats what is recorded already. */
const NOT_RECORDED: ReadonlySet<DescMethod> = new Set([
  InferenceService.method.explainModel,
  InferenceService.method.replay,
]);

/** `ErrorInfo.reason` of the admission policy for overload. */
const OVERLOADED = "OVERLOADED";

function reasonOf(error: ConnectError): string | undefined {
  return error.findDetails(ErrorInfoSchema)[0]?.reason;
}

/** Returns the function that makes the event of a call. */
function createEventOfCall(keepsInput: boolean) {
  return (
    call: Call,
    error: ConnectError | undefined,
    eventId: string,
    occurredAtMs: number,
    request = call.firstRequest,
    response = call.firstResponse,
  ): AuditEvent => {
    const answered = responseFields(response, request);
    const sent = requestFields(request, keepsInput && answered.kind !== undefined ? call : null);
    const reason = error && reasonOf(error);
    return {
      eventId,
      kind: answered.kind ?? "call.refused",
      actor: storedText(actorOf(call.caller), MAX_NAME_BYTES) || "unnamed",
      subject: sent.subject ?? "",
      occurredAtMs,
      payload: {
        rpc: call.bound.name,
        protocol: call.protocolName,
        code: codeName(error),
        ...(reason !== undefined && { reason }),
        ...sent.payload,
        ...answered.payload,
        ...keptAnswer(sent.payload?.input, request, response),
      },
    };
  };
}

/** @param kept The call whose input the event keeps. Null: only its digest. */
function requestFields(request: Message | undefined, kept: Call | null): AuditFields {
  if (
    isMessage(request, PredictRequestSchema) ||
    isMessage(request, ExplainRequestSchema) ||
    isMessage(request, CounterfactualRequestSchema)
  ) {
    const { supplier, model } = request;
    const input = kept && supplier && { input: keptSupplier(supplier, kept.values.get(scoredRowKey)) };
    return { subject: subjectOf(supplier), payload: { ...askedModel(model), ...inputOf(supplier), ...input } };
  }
  if (isMessage(request, ExplainChangeRequestSchema)) {
    const { before, after } = request;
    return {
      subject: subjectOf(after?.supplier),
      payload: {
        before: { ...askedModel(before?.model), ...inputOf(before?.supplier) },
        after: { ...askedModel(after?.model), ...inputOf(after?.supplier) },
      },
    };
  }
  if (isMessage(request, PredictRowsRequestSchema)) {
    const bytes = toBinary(PredictRowsRequestSchema, request);
    return { payload: { ...batchOf(request.model, request.suppliers.length, bytes), ...keptOf(request, bytes, kept) } };
  }
  if (isMessage(request, ModelInferRequestSchema)) {
    const { modelName, modelVersion, inputs } = request;
    const inputDigest = hash("sha256", toBinary(ModelInferRequestSchema, request));
    const rows = Number(inputs[0]?.shape[0] ?? 0n);
    return { payload: { ...askedModel({ modelName, modelVersion }), rows, input_sha256: inputDigest } };
  }
  if (!isMessage(request, PredictBatchRequestSchema)) return {};
  const bytes = toBinary(PredictBatchRequestSchema, request);
  return { payload: { ...batchOf(request.model, request.supplierIds.length, bytes), ...keptOf(request, bytes, kept) } };
}

const batchOf = (model: ModelSelector | undefined, rows: number, bytes: Uint8Array): AuditPayload => ({
  ...askedModel(model),
  rows,
  input_sha256: hash("sha256", bytes),
});

const keptOf = (
  request: PredictBatchRequest | PredictRowsRequest,
  bytes: Uint8Array,
  kept: Call | null,
): AuditPayload => (kept ? { input: keptBatch(request, bytes) } : {});

/** Returns what the event of a batch keeps of its answer. Nothing, when the input is not kept. */
function keptAnswer(
  input: AuditPayload[string] | undefined,
  request: Message | undefined,
  response: Message | undefined,
): AuditPayload {
  if (typeof input !== "object" || input === null || !("bytes" in input)) return {};
  if (isMessage(response, PredictBatchResponseSchema))
    return { answers: keptBatchAnswer(response.riskScores, response.contributions) };
  if (!isMessage(response, PredictRowsResponseSchema) || !isMessage(request, PredictRowsRequestSchema)) return {};
  const riskScores = riskScoresOf(request.suppliers.length, response);
  return { answers: keptBatchAnswer(new Uint8Array(riskScores.buffer), new Uint8Array()) };
}

function responseFields(response: Message | undefined, request: Message | undefined): AuditFields {
  if (isMessage(response, PredictResponseSchema))
    return { kind: "prediction.served", payload: wholeScore(response.score) };
  if (isMessage(response, ExplainResponseSchema) && response.part.case === "base")
    return { kind: "explanation.served", payload: wholeScore(response.part.value.score) };
  if (isMessage(response, ExplainChangeResponseSchema)) {
    const { before, after } = response;
    const payload = { before_score: scoreToPayload(before), after_score: scoreToPayload(after) };
    return { kind: "explanation.served", payload };
  }
  if (isMessage(response, CounterfactualResponseSchema))
    return { kind: "counterfactual.served", payload: counterfactualToPayload(response) };
  if (isMessage(response, PredictRowsResponseSchema) && isMessage(request, PredictRowsRequestSchema)) {
    const ids = request.suppliers.map(({ supplierId }) => storedText(supplierId, MAX_NAME_BYTES));
    return { kind: "batch.served", payload: rowsToPayload(ids, response) };
  }
  if (isMessage(response, ModelInferResponseSchema))
    return { kind: "batch.served", payload: tensorsToPayload(response) };
  if (!isMessage(response, PredictBatchResponseSchema) || !isMessage(request, PredictBatchRequestSchema)) return {};
  const { riskScores, bands, violations, model } = response;
  return {
    kind: "batch.served",
    payload: {
      faulty_rows: violations.length,
      answers_sha256: answersDigest(request.supplierIds, riskScores, bands),
      ...modelToPayload(model),
    },
  };
}

/** Returns the same fields as for the columns of a batch: rows without a score have NaN and the band 0. */
function rowsToPayload(ids: readonly string[], response: PredictRowsResponse): AuditPayload {
  const { scored, rejected, model } = response;
  const riskScores = riskScoresOf(ids.length, response);
  const bands = new Uint8Array(ids.length);
  for (const { row, score } of scored) bands[row] = score?.band ?? 0;
  return {
    faulty_rows: rejected.length,
    answers_sha256: answersDigest(ids, new Uint8Array(riskScores.buffer), bands),
    ...modelToPayload(model),
  };
}

function riskScoresOf(rows: number, { scored }: PredictRowsResponse): Float64Array<ArrayBuffer> {
  const riskScores = new Float64Array(rows).fill(Number.NaN);
  for (const { row, score } of scored) riskScores[row] = score?.riskScore ?? Number.NaN;
  return riskScores;
}

/** The digest is that of all output tensors, in the order of the answer and with their names and shapes. */
function tensorsToPayload(response: ModelInferResponse): AuditPayload {
  const { modelName, parameters, outputs, rawOutputContents } = response;
  const tensors = create(ModelInferResponseSchema, { outputs, rawOutputContents });
  const text = (name: string): string => {
    const choice = parameters[name]?.parameterChoice;
    return choice?.case === "stringParam" ? choice.value : "";
  };
  return {
    tensors_sha256: hash("sha256", toBinary(ModelInferResponseSchema, tensors)),
    model: { name: modelName, version: text("registry_version"), model_digest: text("model_digest") },
  };
}

function subjectOf(supplier: Supplier | undefined): string {
  const id = supplier?.supplierId ?? "";
  // A rejected id is not recorded: with its NUL replaced it would be the id of another supplier.
  return supplierIdViolation(id) === undefined ? storedText(id, MAX_NAME_BYTES) : "";
}

function inputOf(supplier: Supplier | undefined): AuditPayload {
  return supplier ? { input_sha256: supplierDigest(supplier) } : {};
}

/** Returns the model that the request selects. Empty for the champion of the default model. */
function askedModel(model: Pick<ModelSelector, "modelName" | "modelVersion"> | undefined): AuditPayload {
  if (!model?.modelName && !model?.modelVersion) return {};
  const [name, version] = [model.modelName, model.modelVersion].map((text) => storedText(text, MAX_NAME_BYTES));
  return { asked_model: { name: name ?? "", version: version ?? "" } };
}

/** Returns the fields of a score with every number that the caller got. */
const wholeScore = (score: Score | undefined): AuditPayload => ({
  ...scoreToPayload(score),
  ...(score && keptScore(score)),
});

function scoreToPayload(score: Score | undefined): AuditPayload {
  if (!score) return {};
  const { predictionId, riskScore = null, band, model } = score;
  return {
    prediction_id: predictionId,
    risk_score: riskScore,
    ...(riskScore !== null && { risk_score_bits: scoreBits(riskScore) }),
    band: bandFromNumber(band) ?? "unspecified",
    ...modelToPayload(model),
  };
}

/** Names of the outcomes, lower-case. */
const OUTCOMES = new Map<number, string>(
  Object.entries(CounterfactualOutcome).map(([name, number]) => [number, name.toLowerCase()]),
);

function counterfactualToPayload({ outcome, score, counterfactuals }: CounterfactualResponse): AuditPayload {
  return {
    ...scoreToPayload(score),
    outcome: OUTCOMES.get(outcome) ?? "unspecified",
    counterfactuals: counterfactuals.length,
    // The names of the features that the smallest change concerns; values are not recorded.
    changed_features: (counterfactuals.at(0)?.changes ?? []).map(({ feature }) => feature).join(", "),
  };
}

function modelToPayload(model: ModelIdentity | undefined): AuditPayload {
  if (!model) return {};
  const { name, version, modelDigest, bundleDigest, configHash, runtime, kernel } = model;
  return {
    model: {
      ...{ name, version, runtime, kernel },
      ...{ model_digest: modelDigest, bundle_digest: bundleDigest, config_hash: configHash },
    },
  };
}
