import { hash } from "node:crypto";
import { bandFromNumber } from "@bellwether/contract/band-codes";
import { ExplainChangeResponseSchema } from "@bellwether/gen/bellwether/inference/v1/change_pb";
import {
  CounterfactualOutcome,
  type CounterfactualResponse,
  CounterfactualResponseSchema,
} from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import {
  ExplainResponseSchema,
  PredictBatchRequestSchema,
  PredictBatchResponseSchema,
  PredictResponseSchema,
  PredictRowsRequestSchema,
  type PredictRowsResponse,
  PredictRowsResponseSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { ModelIdentity, Score } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type ModelInferResponse, ModelInferResponseSchema } from "@bellwether/gen/inference/grpc_service_pb";
import { create, isMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { type AuditPayload, answersDigest, scoreBits, storedText } from "../../domain/audit-event.ts";
import { type EventFields, MAX_NAME_BYTES } from "./event-fields.ts";
import { keptBatchAnswer, keptScore } from "./kept-input.ts";

/** Returns the fields of an event that come from the answer. Without `kind`: no score was answered. */
export function answerFields(response: Message | undefined, request: Message | undefined): EventFields {
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

/** Returns what the event of a batch keeps of its answer. Nothing, when the input is not kept. */
export function keptAnswer(
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
