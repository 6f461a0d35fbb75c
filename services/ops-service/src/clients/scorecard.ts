import { MISSING_CATEGORY_CODE } from "@bellwether/contract/category-wire-code";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import {
  FeatureKind,
  ModelRegistryService,
  VersionOrigin,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { float64s } from "../domain/number-bytes.ts";
import {
  type ScorecardPorts,
  ScorecardUnavailableError,
  type StoredFeatures,
} from "../domain/outcomes/scorecard-scores.ts";
import type { RunFeature } from "../domain/scores/explain-score.ts";
import { UNKNOWN_CATEGORY } from "../domain/scores/stored-input.ts";

/** Time limit of reading the registry. Without a replica that answers, a call waits until then. */
const READ_TIMEOUT_MS = 1_500;
const SCORE_TIMEOUT_MS = 60_000;
/** Maximum number of pages of versions that are searched for a scorecard: 1,000 versions. */
const MAX_PAGES = 5;
const PAGE_SIZE = 200;
/** Longest reason of ml-service in a note, in UTF-16 units. */
const MAX_REASON = 300;

const KINDS: Readonly<Record<FeatureKind, RunFeature["kind"] | null>> = {
  [FeatureKind.UNSPECIFIED]: null,
  [FeatureKind.NUMERIC]: "numeric",
  [FeatureKind.CATEGORY]: "category",
  [FeatureKind.TEXT]: "text",
};

/** Creates the functions that find a scorecard in the registry of ml-service and score with it, in the name of this service. */
export function createScorecardScorer(transport: Transport): Pick<ScorecardPorts, "findScorecard" | "score"> {
  const registry = createClient(ModelRegistryService, transport);
  const inference = createClient(InferenceService, transport);
  const findVersion = async (modelName: string, signal: AbortSignal) => {
    let pageToken = "";
    for (let page = 0; page < MAX_PAGES; page++) {
      const listed = await registry.listVersions(
        { modelName, pageSize: PAGE_SIZE, pageToken },
        { signal, timeoutMs: READ_TIMEOUT_MS },
      );
      const found = listed.versions.find(({ origin }) => origin === VersionOrigin.SCORECARD);
      if (found || listed.nextPageToken === "") return found;
      pageToken = listed.nextPageToken;
    }
    return undefined;
  };
  return {
    async findScorecard(modelName, signal) {
      try {
        const found = await findVersion(modelName, signal);
        if (!found) return null;
        const { version, bundleDigest } = found;
        const { features } = await registry.getVersion({ modelName, version }, { signal, timeoutMs: READ_TIMEOUT_MS });
        const known = features.flatMap(({ name, kind }) => {
          const own = KINDS[kind] ?? null;
          return own === null ? [] : [{ name, kind: own }];
        });
        return { modelName, version, bundleDigest, features: known };
      } catch (error) {
        if (isUnknownModel(error)) return null;
        throw unavailable(error);
      }
    },
    async score({ modelName, version, bundleDigest }, features, rows, signal) {
      const model = { modelName, modelVersion: version };
      try {
        const request = { ...batchOf(features, rows), model };
        const answer = await inference.predictBatch(request, { signal, timeoutMs: SCORE_TIMEOUT_MS });
        if (answer.model?.bundleDigest !== bundleDigest)
          throw new ScorecardUnavailableError(`${modelName} ${version} was published again meanwhile`);
        return float64s(answer.riskScores);
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
}

/** Returns stored rows as columns. Texts are left out: a scorecard has no points for words. */
export function batchOf(
  features: readonly RunFeature[],
  { supplierIds, values }: Pick<StoredFeatures, "supplierIds" | "values">,
) {
  const rows = supplierIds.length;
  const column = (at: number): Float32Array =>
    Float32Array.from(supplierIds, (_, row) => values[row * features.length + at] ?? Number.NaN);
  const numbers = features.flatMap(({ kind, name }, at) => (kind === "numeric" ? [{ name, values: column(at) }] : []));
  const bytes = new Float32Array(rows * numbers.length);
  for (const [at, { values: own }] of numbers.entries()) bytes.set(own, at * rows);
  return {
    supplierIds: [...supplierIds],
    featureNames: numbers.map(({ name }) => name),
    values: new Uint8Array(bytes.buffer),
    valuesChecksums: numbers.map(({ values: own }) => checksumOf(own)),
    categories: features.flatMap(({ kind, name, categories }, at) =>
      kind === "category"
        ? [
            {
              ...{ name, dictionary: [...categories, UNKNOWN_CATEGORY] },
              codes: Array.from(column(at), (code) => categoryCode(code, categories)),
            },
          ]
        : [],
    ),
  };
}

function categoryCode(code: number, categories: readonly string[]): number {
  if (Number.isNaN(code)) return MISSING_CATEGORY_CODE;
  return categories[code] === undefined ? categories.length : code;
}

/** As PredictBatchRequest.values_checksums defines it. */
function checksumOf(column: Float32Array): number {
  return column.reduce((sum, value, row) => (Number.isFinite(value) ? sum + (row + 1) * value : sum), 0);
}

const isUnknownModel = (error: unknown): boolean =>
  error instanceof ConnectError &&
  error.findDetails(ErrorInfoSchema).some(({ reason }) => reason === "MODEL_NOT_FOUND" || reason === "REGISTRY_NAME");

const AWAY: ReadonlySet<Code> = new Set([Code.Unavailable, Code.DeadlineExceeded]);

/** Returns the error with the reason of ml-service. Errors of this program and of cancelled calls are unchanged. */
function unavailable(error: unknown): unknown {
  if (!(error instanceof ConnectError) || error.code === Code.Canceled) return error;
  const said = error.rawMessage.slice(0, MAX_REASON);
  const reason = AWAY.has(error.code) ? "ml-service does not answer" : `ml-service does not score: ${said}`;
  return new ScorecardUnavailableError(reason, { cause: error });
}
