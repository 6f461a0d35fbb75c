import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import {
  FeatureKind,
  type ModelFeature as ModelFeatureProto,
  ModelRegistryService,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import type { CountedFeature } from "@bellwether/ingest/snapshot/unscored-rows";
import { createClient, type Transport } from "@connectrpc/connect";
import type { ModelFeature } from "../domain/model-contract.ts";
import { PeerRejectedError } from "../domain/scheduler-error.ts";
import type { Scorer } from "../domain/weekly-ports.ts";
import { callRanges, joinAnswers, sliceRows } from "./batch-parts.ts";
import { featuresToProto } from "./chunk-to-proto.ts";
import { callPeer } from "./peer-error.ts";
import { trainingProfileFromProto } from "./training-profile.ts";

const PEER = "ml-service";
const READ_TIMEOUT_MS = 5_000;

/** Creates the scorer of one model, with ml-service behind it. */
export function createMlScorer(transport: Transport, modelName: string): Scorer {
  const inference = createClient(InferenceService, transport);
  const registry = createClient(ModelRegistryService, transport);
  return {
    async findModel(wanted) {
      const call = registry.getVersion(
        { modelName, version: wanted, withTrainingProfile: true },
        { timeoutMs: READ_TIMEOUT_MS },
      );
      const { version, features, trainingProfile, leastFeatures, unusedFeatures } = await callPeer(PEER, call);
      if (!version) throw new PeerRejectedError(PEER, `model "${modelName}" has no ${wanted || "champion"}`);
      return {
        version: version.version,
        features: features.flatMap(featureFromProto),
        described: features,
        trainingProfile: trainingProfileFromProto(trainingProfile),
        minimum:
          leastFeatures === undefined
            ? null
            : { least: leastFeatures, features: features.flatMap((one) => countedFromProto(one, unusedFeatures)) },
      };
    },
    async score(chunk, version, signal) {
      const model = { modelName, modelVersion: version };
      const ranges = callRanges(chunk);
      const answers = [];
      for (const range of ranges) {
        const request = {
          ...featuresToProto(sliceRows(chunk, range)),
          model,
          withContributions: true,
          withTermWeights: true,
        };
        answers.push(await callPeer(PEER, inference.predictBatch(request, { signal })));
      }
      return joinAnswers(ranges, answers);
    },
  };
}

const KINDS: Readonly<Record<FeatureKind, ModelFeature["kind"] | null>> = {
  [FeatureKind.UNSPECIFIED]: null,
  [FeatureKind.NUMERIC]: "numeric",
  [FeatureKind.CATEGORY]: "category",
  [FeatureKind.TEXT]: "text",
};

/** Returns a feature that counts for the minimum of known features; nothing for a text and for one without points. */
function countedFromProto({ name, kind, categories }: ModelFeatureProto, unused: readonly string[]): CountedFeature[] {
  if (unused.includes(name)) return [];
  if (kind === FeatureKind.NUMERIC) return [{ name, kind: "numeric", categories: [] }];
  return kind === FeatureKind.CATEGORY ? [{ name, kind: "category", categories }] : [];
}

/** Omits a feature of a kind that this release does not know: it cannot be compared with a configuration. */
function featureFromProto({ name, kind, unit }: ModelFeatureProto): ModelFeature[] {
  const known = KINDS[kind] ?? null;
  return known === null ? [] : [{ name, kind: known, unit }];
}
