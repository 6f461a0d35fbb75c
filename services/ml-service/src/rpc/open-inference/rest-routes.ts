import {
  GRPCInferenceService,
  type ModelMetadataResponse_TensorMetadata,
  ModelStatisticsSchema,
} from "@bellwether/gen/inference/grpc_service_pb";
import { ModelConfigSchema } from "@bellwether/gen/inference/model_config_pb";
import { type RestInput, type RestRoute, restRoute } from "@bellwether/mesh/rest/rest-route";
import { type JsonObject, toJson } from "@bufbuild/protobuf";
import { inferAnswer, jsonAnswer } from "./json-answer.ts";
import { type InferRequest, indexRequest, inferRequest } from "./json-request.ts";

const RPC = GRPCInferenceService.method;
/** Status of a server or a model that is not ready. */
const NOT_READY = 503;
const NOT_FOUND = 404;

const selected = ({ params }: RestInput) => ({ name: params.model ?? "", version: params.version ?? "" });
const shapeOf = ({ name, datatype, shape }: ModelMetadataResponse_TensorMetadata): JsonObject => ({
  ...{ name, datatype, shape: shape.map(Number) },
});

/** The requests of the calls that are not answered yet, by their bodies. */
const requests = new WeakMap<Uint8Array, InferRequest>();

function inferOf({ bytes, params, header }: RestInput): InferRequest {
  const known = requests.get(bytes);
  if (known !== undefined) return known;
  const request = inferRequest({
    ...{ bytes, model: params.model ?? "", version: params.version ?? "" },
    headerLength: header("inference-header-content-length"),
  });
  requests.set(bytes, request);
  return request;
}

const named = { namesError: true, toJson: () => null } as const;
const MODEL = "/v2/models/{model}";

/** The paths of one model, or of one of its versions. */
const modelRoutes = (path: string): readonly RestRoute[] => [
  restRoute({
    ...{ ...named, verb: "GET", path, rpc: RPC.modelMetadata, toRequest: selected },
    toAnswer: ({ name, versions, platform, inputs, outputs }) =>
      jsonAnswer({ name, versions, platform, inputs: inputs.map(shapeOf), outputs: outputs.map(shapeOf) }),
  }),
  restRoute({
    ...{ ...named, verb: "GET", path: `${path}/ready`, rpc: RPC.modelReady, toRequest: selected },
    toAnswer: ({ ready }, { params }) => jsonAnswer({ name: params.model ?? "", ready }, ready ? 200 : NOT_FOUND),
  }),
  restRoute({
    ...{ ...named, verb: "GET", path: `${path}/config`, rpc: RPC.modelConfig, toRequest: selected },
    toAnswer: ({ config }) =>
      jsonAnswer(config ? toJson(ModelConfigSchema, config, { useProtoFieldName: true }) : null),
  }),
  restRoute({
    ...{ ...named, verb: "GET", path: `${path}/stats`, rpc: RPC.modelStatistics, toRequest: selected },
    toAnswer: ({ modelStats }) =>
      jsonAnswer({
        model_stats: modelStats.map((stats) => toJson(ModelStatisticsSchema, stats, { useProtoFieldName: true })),
      }),
  }),
  restRoute({
    ...{ ...named, verb: "POST", path: `${path}/infer`, rpc: RPC.modelInfer, readsBytes: true },
    toRequest: (input) => inferOf(input).request,
    toAnswer: (response, input) => inferAnswer(response, inferOf(input).wantsBytes),
  }),
];

/** REST paths of the Open Inference Protocol. Errors have the member "error", which its clients read. */
export const OPEN_INFERENCE_ROUTES: readonly RestRoute[] = [
  restRoute({
    ...{ ...named, verb: "GET", path: "/v2", rpc: RPC.serverMetadata, toRequest: () => ({}) },
    toAnswer: ({ name, version, extensions }) => jsonAnswer({ name, version, extensions }),
  }),
  restRoute({
    ...{ ...named, verb: "GET", path: "/v2/health/live", rpc: RPC.serverLive, toRequest: () => ({}) },
    toAnswer: ({ live }) => jsonAnswer({ live }),
  }),
  restRoute({
    ...{ ...named, verb: "GET", path: "/v2/health/ready", rpc: RPC.serverReady, toRequest: () => ({}) },
    toAnswer: ({ ready }) => jsonAnswer({ ready }, ready ? 200 : NOT_READY),
  }),
  restRoute({
    ...{ ...named, verb: "POST", path: "/v2/repository/index", rpc: RPC.repositoryIndex, readsBytes: true },
    toRequest: ({ bytes }) => indexRequest(bytes),
    toAnswer: ({ models }) =>
      jsonAnswer(models.map(({ name, version, state, reason }) => ({ name, version, state, reason }))),
  }),
  ...modelRoutes(MODEL),
  ...modelRoutes(`${MODEL}/versions/{version}`),
];
