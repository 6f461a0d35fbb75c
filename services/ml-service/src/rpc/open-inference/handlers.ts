import type {
  GRPCInferenceService,
  ModelInferRequest,
  ModelInferResponseSchema,
  RepositoryIndexResponse_ModelIndexSchema,
} from "@bellwether/gen/inference/grpc_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import type { BatchScores } from "@bellwether/scoring/batch/score-batch";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { VersionNotReadyError } from "../../domain/ml-error.ts";
import type { ScoreCounts } from "../../domain/score-counts.ts";
import type { LoadedModels } from "../../model/loaded-models.ts";
import type { ServedModel } from "../../model/served-model.ts";
import { mayUseAnyVersion } from "../any-version.ts";
import { columnsFromTensors } from "./columns-from-tensors.ts";
import { inputTensors } from "./input-tensor.ts";
import type { InferStatistics } from "./model-statistics.ts";
import {
  modelConfig,
  modelInputs,
  modelOutputs,
  needsExplanation,
  PLATFORM,
  type TensorInfo,
} from "./model-tensors.ts";
import { outputTensor, outputToProto, rawContents, requestedOutputs, typedContents } from "./output-tensor.ts";
import { TensorError } from "./tensor-error.ts";
import { numberOfVersion, versionOfRequest } from "./version-number.ts";

/** The functions that the handlers use. */
export interface OpenInferenceDeps {
  readonly loadedModels: LoadedModels;
  readonly defaultModel: string;
  readonly statistics: InferStatistics;
  readonly counts: Pick<ScoreCounts, "batch">;
  /** Release of the server. */
  readonly release: string;
  /** Returns the versions of a model, newest first. @throws ModelNotFoundError */
  readonly versionsOf: (model: string) => Promise<readonly string[]>;
  readonly modelNames: () => Promise<readonly string[]>;
}

/** Extensions of the protocol that are served. */
const EXTENSIONS = ["binary_tensor_data", "model_configuration", "model_repository(index)", "statistics"];
/** Maximum number of versions in an index, which has no pages. */
const MAX_INDEX = 10_000;

/** Returns the handlers of the Open Inference Protocol. */
export function openInferenceHandlers(deps: OpenInferenceDeps): ServiceImpl<typeof GRPCInferenceService> {
  const { loadedModels, defaultModel, statistics, counts, release, versionsOf } = deps;
  /** Runs `use` with a version of a model. @throws ModelNotFoundError, VersionNotFoundError, ModelNotReadyError, VersionNotReadyError, TensorError */
  const withModel = async <T>(
    name: string,
    version: string,
    context: HandlerContext,
    use: (model: ServedModel) => Promise<T> | T,
  ): Promise<T> => {
    const selector = { modelName: name || defaultModel, modelVersion: versionOfRequest(version) };
    try {
      return await loadedModels.withModel({ ...selector, anyVersion: mayUseAnyVersion(context) }, use);
    } catch (error) {
      if (version === "" || !(error instanceof Error) || !REJECTED.has(error.name)) throw error;
      throw new VersionNotReadyError(selector.modelName, selector.modelVersion, error.message, error);
    }
  };

  return {
    serverLive: () => ({ live: true }),
    serverReady: () => ({ ready: loadedModels.status().served !== null }),
    async modelReady({ name, version }) {
      try {
        return { ready: await isReady(deps, name || defaultModel, versionOfRequest(version)) };
      } catch (error) {
        // An unknown model is one that is not ready.
        if (error instanceof Error && NOT_FOUND.has(error.name)) return { ready: false };
        throw error;
      }
    },
    serverMetadata: () => ({ name: "bellwether", version: release, extensions: EXTENSIONS }),
    modelMetadata: ({ name, version }, context) =>
      withModel(name, version, context, async (model) => ({
        name: model.identity.name,
        versions: (await versionsOf(model.identity.name)).map(numberOfVersion),
        platform: PLATFORM,
        inputs: modelInputs(model).map(tensorToProto),
        outputs: modelOutputs(model).map(tensorToProto),
      })),
    modelConfig: ({ name, version }, context) =>
      withModel(name, version, context, (model) => ({ config: modelConfig(model.identity.name, model) })),
    modelStatistics({ name, version }) {
      const modelStats = statistics.read(
        name || defaultModel,
        version === "" ? "" : numberOfVersion(versionOfRequest(version)),
      );
      return { modelStats };
    },
    repositoryIndex: async ({ ready }) => ({ models: await repositoryIndex(deps, ready) }),
    modelInfer: (request, context) =>
      withModel(request.modelName, request.modelVersion, context, async (model) => {
        const began = performance.now();
        try {
          return await infer(model, request, statistics, counts, context.signal);
        } catch (error) {
          const { name, version } = model.identity;
          statistics.fail(name, numberOfVersion(version), performance.now() - began);
          throw error;
        }
      }),
  };
}

/** Errors of a version that is rejected. */
const REJECTED = new Set(["ModelRejectedError", "ModelCorruptError", "ModelSignatureError", "BundleError"]);
const NOT_FOUND = new Set(["ModelNotFoundError", "VersionNotFoundError", "RegistryNameError"]);

function tensorToProto({ name, datatype, columns }: TensorInfo) {
  return { name, datatype, shape: [-1n, ...columns.map(BigInt)] };
}

/** Whether a version of a model exists and is not rejected. */
async function isReady(
  { loadedModels, defaultModel, versionsOf }: OpenInferenceDeps,
  name: string,
  version: string,
): Promise<boolean> {
  const { served, rejections } = loadedModels.status();
  if (name === defaultModel && version === "") return served !== null;
  const versions = await versionsOf(name);
  if (version === "") return versions.length > 0;
  return versions.includes(version) && !rejections.some((one) => one.modelName === name && one.version === version);
}

async function repositoryIndex(
  { loadedModels, modelNames, versionsOf }: OpenInferenceDeps,
  onlyReady: boolean,
): Promise<MessageInitShape<typeof RepositoryIndexResponse_ModelIndexSchema>[]> {
  const { rejections } = loadedModels.status();
  const index: MessageInitShape<typeof RepositoryIndexResponse_ModelIndexSchema>[] = [];
  for (const name of await modelNames())
    for (const version of await versionsOf(name)) {
      if (index.length === MAX_INDEX)
        throw new TensorError(
          "repository_name",
          `the registry has more than ${MAX_INDEX} versions; ListVersions has pages`,
        );
      const rejection = rejections.find((one) => one.modelName === name && one.version === version);
      if (rejection !== undefined && onlyReady) continue;
      index.push({
        name,
        version: numberOfVersion(version),
        ...(rejection ? { state: "UNAVAILABLE", reason: rejection.reason } : { state: "READY", reason: "" }),
      });
    }
  return index;
}

/** Scores the tensors of a request. @throws TensorError, and the errors of `scoreBatch` */
async function infer(
  model: ServedModel,
  request: ModelInferRequest,
  statistics: InferStatistics,
  counts: Pick<ScoreCounts, "batch">,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof ModelInferResponseSchema>> {
  const start = performance.now();
  const [parameter] = Object.keys(request.parameters);
  if (parameter !== undefined)
    throw new TensorError(`parameters`, `"${parameter.slice(0, 80).toWellFormed()}" is not supported; leave it out`);
  const names = requestedOutputs(request, model);
  const tensors = inputTensors(request);
  const { input } = columnsFromTensors(tensors, model.bundle);
  const read = performance.now();
  const scores = await model.scoreBatch(input, names.some(needsExplanation), signal);
  checkRows(scores, tensors);
  const scored = performance.now();
  counts.batch("ModelInfer", model.identity, scores, scored - start);
  const outputs = names.map((name) => outputTensor(name, scores, model));
  const isRaw = request.rawInputContents.length > 0;
  const response = {
    modelName: model.identity.name,
    modelVersion: numberOfVersion(model.identity.version),
    id: request.id,
    parameters: answerParameters(model, scores),
    outputs: outputs.map((tensor) =>
      isRaw ? outputToProto(tensor) : { ...outputToProto(tensor), contents: typedContents(tensor) },
    ),
    rawOutputContents: isRaw ? outputs.map(rawContents) : [],
  };
  const times = { inputMs: read - start, inferMs: scored - read, outputMs: performance.now() - scored };
  statistics.success(response.modelName, response.modelVersion, input.rows, times);
  return response;
}

/** The protocol has no errors of single rows, so that one fails the request. @throws TensorError */
function checkRows(
  { violations }: BatchScores,
  tensors: readonly { readonly name: string; readonly path: string }[],
): void {
  const [first] = violations;
  if (first === undefined) return;
  const others = new Set(violations.map(({ row }) => row)).size - 1;
  const name = /^(?:values|categories|numbers)\.(.*)$/s.exec(first.field)?.[1] ?? first.field;
  const path = tensors.find((tensor) => tensor.name === name)?.path ?? "inputs";
  throw new TensorError(
    path,
    `row ${first.row} of "${name}": ${first.message}${others > 0 ? `; ${countText(others, "other row")} have errors too` : ""}`,
  );
}

type Parameters = NonNullable<MessageInitShape<typeof ModelInferResponseSchema>["parameters"]>;

/** What the answer says besides its tensors. */
function answerParameters({ identity, bundle }: ServedModel, { unknownCategories }: BatchScores): Parameters {
  const warnings = [...unknownCategories].map(
    ([feature, count]) => `${feature} has ${countText(count, "value")} that the model does not know as a category`,
  );
  const texts = {
    registry_version: identity.version,
    model_digest: identity.modelDigest,
    bands: JSON.stringify({ medium: bundle.bands.medium, high: bundle.bands.high }),
    ...(warnings.length > 0 && { warnings: warnings.join("; ") }),
  };
  return Object.fromEntries(
    Object.entries(texts).map(([name, value]) => [name, { parameterChoice: { case: "stringParam", value } }]),
  );
}
