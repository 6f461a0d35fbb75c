import { hash } from "node:crypto";
import { supplierIdViolation } from "@bellwether/contract/supplier-id";
import { ExplainChangeRequestSchema } from "@bellwether/gen/bellwether/inference/v1/change_pb";
import { CounterfactualRequestSchema } from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import {
  ExplainRequestSchema,
  type PredictBatchRequest,
  PredictBatchRequestSchema,
  PredictRequestSchema,
  type PredictRowsRequest,
  PredictRowsRequestSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { ModelSelector, Supplier } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { ModelInferRequestSchema } from "@bellwether/gen/inference/grpc_service_pb";
import type { Call } from "@bellwether/mesh/call/call";
import { isMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { type AuditPayload, storedText, supplierDigest } from "../../domain/audit-event.ts";
import { type EventFields, MAX_NAME_BYTES } from "./event-fields.ts";
import { keptBatch, keptSupplier, scoredRowKey } from "./kept-input.ts";

/**
 * Returns the fields of an event that come from the request.
 * @param kept The call whose input the event keeps. Null: only its digest.
 */
export function requestFields(request: Message | undefined, kept: Call | null): EventFields {
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
