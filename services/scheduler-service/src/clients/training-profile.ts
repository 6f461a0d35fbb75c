import type { NumericProfile } from "@bellwether/drift/profile/numeric-profile";
import type { FeatureProfile, TrainingProfile } from "@bellwether/drift/profile/training-profile";
import {
  FeatureKind,
  type FeatureProfile as FeatureProfileProto,
  type TrainingProfile as TrainingProfileProto,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";

/** Converts the distributions of the training data. Null: ml-service has none for the version. */
export function trainingProfileFromProto(profile: TrainingProfileProto | undefined): TrainingProfile | null {
  if (!profile) return null;
  return {
    features: profile.features.map(profileFromProto),
    score: profile.score ? numericFromProto(profile.score) : null,
  };
}

function profileFromProto(profile: FeatureProfileProto): FeatureProfile {
  if (profile.kind !== FeatureKind.CATEGORY) return numericFromProto(profile);
  const values = profile.categories.map(({ category, count }) => ({ value: category, count: Number(count) }));
  return { kind: "category", ...rowsFromProto(profile), values };
}

function numericFromProto(profile: FeatureProfileProto): NumericProfile {
  const cuts = profile.cuts.map(({ cut, below, typical, at }) => ({
    ...{ cut, below: Number(below), typical: typical ?? null },
    at: at === undefined ? null : Number(at),
  }));
  return { kind: "numeric", ...rowsFromProto(profile), cuts };
}

function rowsFromProto({ feature, rows, missing, suppliers }: FeatureProfileProto) {
  return { feature, rows: Number(rows), missing: Number(missing), suppliers: Number(suppliers) };
}
