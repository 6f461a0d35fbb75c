import {
  CategoryColumnSchema,
  InferenceService,
  NumberColumnSchema,
  PredictBatchRequestSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { SupplierSchema } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  BatchService,
  CompleteRunRequestSchema,
  ReportProgressRequestSchema,
  StartRunRequestSchema,
  SubmitChunkRequestSchema,
} from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { limits as limitsOption } from "@bellwether/gen/bellwether/policy/v1/limits_pb";
import { ModelFeatureSchema } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { type DescField, type DescMethod, getOption } from "@bufbuild/protobuf";
import { field as fieldOption } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { expect, test } from "vitest";
import * as limits from "./limits.ts";

/** Returns the bounds of a field's own value, and of the texts in it. */
function boundsOf(field: DescField): { readonly bytes: number; readonly items: number } {
  const { type } = getOption(field, fieldOption);
  const text = type.case === "repeated" ? type.value.items?.type : type;
  const bytes = text?.case === "string" ? text.value.maxBytes : text?.case === "bytes" ? text.value.maxLen : 0n;
  return { bytes: Number(bytes), items: Number(type.case === "repeated" ? type.value.maxItems : 0n) };
}

/** Returns the largest value of a field of type uint32. */
function maximumOf(field: DescField): number {
  const { type } = getOption(field, fieldOption);
  return type.case === "uint32" && type.value.lessThan.case === "lte" ? type.value.lessThan.value : Number.NaN;
}

const requestBytes = (method: DescMethod): number => getOption(method, limitsOption).maxRequestBytes;

test("each limit equals the bound of its fields", () => {
  const batch = PredictBatchRequestSchema.field;
  const chunk = SubmitChunkRequestSchema.field;
  const feature = ModelFeatureSchema.field;
  const same = (limit: number, ...found: number[]) => expect(found).toEqual(found.map(() => limit));
  same(limits.MAX_CONTRACT_TEXT_BYTES, boundsOf(SupplierSchema.field.contractText).bytes);
  same(
    limits.MAX_SUPPLIER_ID_BYTES,
    boundsOf(SupplierSchema.field.supplierId).bytes,
    boundsOf(chunk.supplierIds).bytes,
  );
  same(
    limits.MAX_FEATURE_NAME_BYTES,
    boundsOf(CategoryColumnSchema.field.name).bytes,
    boundsOf(NumberColumnSchema.field.name).bytes,
  );
  same(limits.MAX_SUPPLIER_NAME_BYTES, boundsOf(chunk.supplierNames).bytes);
  same(
    limits.MAX_CATEGORY_BYTES,
    boundsOf(CategoryColumnSchema.field.dictionary).bytes,
    ...[feature.name, feature.unit, feature.categories].map((field) => boundsOf(field).bytes),
  );
  same(
    limits.MAX_BATCH_ROWS,
    ...[batch.supplierIds, batch.contractTexts, chunk.supplierIds, chunk.supplierNames].map(
      (field) => boundsOf(field).items,
    ),
  );
  same(limits.MAX_BATCH_ROWS, maximumOf(StartRunRequestSchema.field.chunkRows));
  same(
    limits.MAX_CHUNKS,
    maximumOf(ReportProgressRequestSchema.field.chunksTotal),
    maximumOf(CompleteRunRequestSchema.field.chunksTotal),
    maximumOf(chunk.chunk) + 1,
  );
  same(
    limits.MAX_BATCH_FEATURES,
    ...[batch.featureNames, batch.numbers, chunk.features].map((field) => boundsOf(field).items),
  );
  same(limits.MAX_FEATURE_CATEGORIES, boundsOf(feature.categories).items);
  same(limits.MAX_FEATURE_VALUE_BYTES, boundsOf(chunk.featureValues).bytes);
  same(
    limits.MAX_BATCH_REQUEST_BYTES,
    requestBytes(InferenceService.method.predictBatch),
    requestBytes(BatchService.method.submitChunk),
  );
});
