import {
  FeatureKind,
  type FeatureProfileSchema,
  type TrainingProfileSchema,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type { MessageInitShape } from "@bufbuild/protobuf";

type TrainingProfile = NonNullable<FeatureBundle["trainingProfile"]>;

/** Converts the distributions of the training data. */
export function trainingProfileToProto({
  features,
  score,
}: TrainingProfile): MessageInitShape<typeof TrainingProfileSchema> {
  return { features: features.map(profileToProto), ...(score !== null && { score: profileToProto(score) }) };
}

function profileToProto(profile: TrainingProfile["features"][number]): MessageInitShape<typeof FeatureProfileSchema> {
  const { feature, rows, missing, suppliers } = profile;
  const named = { feature, rows: BigInt(rows), missing: BigInt(missing), suppliers: BigInt(suppliers) };
  if (profile.kind === "category") {
    const categories = profile.values.map(({ value, count }) => ({ category: value, count: BigInt(count) }));
    return { ...named, kind: FeatureKind.CATEGORY, categories };
  }
  const cuts = profile.cuts.map(({ cut, below, typical, at }) => ({
    ...{ cut, below: BigInt(below) },
    ...(typical !== null && { typical }),
    ...(at !== null && { at: BigInt(at) }),
  }));
  return { ...named, kind: FeatureKind.NUMERIC, cuts };
}
