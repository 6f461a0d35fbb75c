import {
  InferenceService,
  PredictBatchRequestSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { frameFile, type Target } from "./load.ts";
import type { MlService } from "./ml-service.ts";
import { drawFeatures, drawText, FEATURES } from "./serving-model.ts";

/** Rows of every batch. */
export const ROWS = 4_096;

/** The rows of every batch as a tensor, `[ROWS × 16]`, row-major. */
export const TENSOR = drawFeatures(ROWS, "rows of the batches");

/** Returns the requests of PredictBatch for the tensor as a target of the load; one answer has been checked. */
export async function batchTarget(
  name: string,
  ml: MlService,
  { withContributions = false, textCharacters = 0 },
): Promise<Target> {
  const columns = FEATURES.map((_, c) => Float32Array.from({ length: ROWS }, (_, r) => TENSOR[r * 16 + c] ?? 0));
  const request = create(PredictBatchRequestSchema, {
    supplierIds: Array.from({ length: ROWS }, (_, row) => `S_${String(row).padStart(7, "0")}`),
    featureNames: FEATURES,
    values: Buffer.concat(columns.map(({ buffer }) => new Uint8Array(buffer))),
    valuesChecksums: columns.map((column) => column.reduce((sum, x, row) => sum + (row + 1) * x, 0)),
    contractTexts:
      textCharacters === 0 ? [] : Array.from({ length: ROWS }, (_, row) => drawText(textCharacters, `row ${row}`)),
    withContributions,
  });
  using transport = createMeshTransport({ url: ml.grpc });
  const answer = await createClient(InferenceService, transport).predictBatch(request);
  if (answer.bands.length !== ROWS || answer.contributions.length > 0 !== withContributions)
    throw new Error("the answer to the batch is not the expected one");
  return {
    ...{ name, pid: ml.pid, contentType: "application/grpc", http1: false },
    url: `${ml.grpc}/${InferenceService.typeName}/PredictBatch`,
    bodyFile: await frameFile(toBinary(PredictBatchRequestSchema, request)),
  };
}
