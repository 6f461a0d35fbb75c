import type { SubmitChunkRequest } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import {
  FeatureDirection,
  FeatureKind,
  type ModelFeature,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { alignedBytes, float32s } from "../../domain/number-bytes.ts";
import { ChunkShapeError } from "../../domain/ops-error.ts";
import type { RunFeature } from "../../domain/scores/explain-score.ts";
import type { ScoredChunk } from "../../domain/scores/scored-chunk.ts";
import { nameOf } from "./alert-to-proto.ts";

const KINDS: Readonly<Record<RunFeature["kind"], FeatureKind>> = {
  numeric: FeatureKind.NUMERIC,
  category: FeatureKind.CATEGORY,
  text: FeatureKind.TEXT,
};

/** Reads the features of a chunk and checks their values. Null: none were sent. @throws ChunkShapeError */
export function featureValues(
  { features: sent, featureValues: bytes }: Pick<SubmitChunkRequest, "features" | "featureValues">,
  rows: number,
): ScoredChunk["given"] {
  if (sent.length === 0 && bytes.length === 0) return null;
  const length = rows * sent.length * Float32Array.BYTES_PER_ELEMENT;
  if (bytes.length !== length)
    throw new ChunkShapeError(
      "feature_values",
      `has ${countText(bytes.length, "byte")}, not ${length} for ${countText(sent.length, "feature")}`,
    );
  const features = sent.map(featureFromProto);
  const names = features.map(({ name }) => name);
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0) throw new ChunkShapeError(`features[${twice}].name`, `"${names[twice]}" is named twice`);
  // One aligned copy, which later readers only view.
  const values = alignedBytes(bytes, Float32Array.BYTES_PER_ELEMENT);
  checkCategories(features, float32s(values));
  return { features, values };
}

function featureFromProto(feature: ModelFeature, i: number): RunFeature {
  const { name, kind, unit, typical, categories, direction } = feature;
  const known = nameOf(KINDS, kind);
  if (known === undefined) throw new ChunkShapeError(`features[${i}].kind`, "is missing");
  return {
    ...{ name, kind: known, unit, typical: typical ?? null, categories: [...categories] },
    direction:
      direction === FeatureDirection.RAISES ? "raises" : direction === FeatureDirection.LOWERS ? "lowers" : "unknown",
    ...germanFromProto(feature),
  };
}

/** Returns the German texts of a feature as the field `de`; no field when it has none. */
function germanFromProto({ germanName: name, germanUnit: unit }: ModelFeature): Pick<RunFeature, "de"> {
  if (name === "" && unit === "") return {};
  return { de: { ...(name !== "" && { name }), ...(unit !== "" && { unit }) } };
}

/**
 * Checks that a category is an index into the feature's categories, or the number of categories. @throws
 * ChunkShapeError
 */
function checkCategories(features: readonly RunFeature[], values: Float32Array): void {
  const width = features.length;
  for (const [at, { name, kind, categories }] of features.entries()) {
    if (kind !== "category") continue;
    for (let i = at; i < values.length; i += width) {
      const code = values[i] ?? Number.NaN;
      const isCode = Number.isNaN(code) || (Number.isInteger(code) && code >= 0 && code <= categories.length);
      if (!isCode)
        throw new ChunkShapeError("feature_values", `row ${(i - at) / width}: ${code} is not a category of "${name}"`);
    }
  }
}
