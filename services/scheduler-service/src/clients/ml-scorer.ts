import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { createClient, type Transport } from "@connectrpc/connect";
import { PeerRefusedError } from "../domain/scheduler-error.ts";
import type { Scorer } from "../domain/weekly-ports.ts";
import { callRanges, joinAnswers, sliceRows } from "./batch-parts.ts";
import { featuresToProto } from "./chunk-to-proto.ts";
import { callPeer } from "./peer-error.ts";

const PEER = "ml-service";
const READ_TIMEOUT_MS = 5_000;

/** ml-service as the scorer of one model. */
export function createMlScorer(transport: Transport, modelName: string): Scorer {
  const inference = createClient(InferenceService, transport);
  const registry = createClient(ModelRegistryService, transport);
  return {
    async championVersion() {
      const call = registry.getVersion({ modelName }, { timeoutMs: READ_TIMEOUT_MS });
      const { version } = await callPeer(PEER, call);
      if (!version) throw new PeerRefusedError(PEER, `model "${modelName}" has no champion`);
      return version.version;
    },
    async score(chunk, version, signal) {
      const model = { modelName, modelVersion: version };
      const ranges = callRanges(chunk);
      const answers = [];
      for (const range of ranges) {
        const request = { ...featuresToProto(sliceRows(chunk, range)), model, withContributions: true };
        answers.push(await callPeer(PEER, inference.predictBatch(request, { signal })));
      }
      return joinAnswers(ranges, answers);
    },
  };
}
