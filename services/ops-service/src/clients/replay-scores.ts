import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { ReplayResponse } from "@bellwether/gen/bellwether/inference/v1/replay_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { propagateContextAsCaller } from "@bellwether/mesh/client/propagate-context";
import { Code, ConnectError, createClient, type HandlerContext, type Transport } from "@connectrpc/connect";
import { float32s, float64s } from "../domain/number-bytes.ts";
import type { ModelRecord } from "../domain/replay/replay-comparison.ts";
import {
  NotReplayableError,
  type ReplayCall,
  type ReplayedScores,
  type ReplayScores,
} from "../domain/replay/replay-scores.ts";
import { forCaller } from "./pass-on.ts";

/** Creates functions that compute scores again with ml-service, with the identity and the deadline of a caller. */
export function createScoreReplayer(transport: Transport): (context: HandlerContext) => ReplayScores {
  const ml = createClient(InferenceService, transport);
  return (context) =>
    async ({ modelName, modelVersion, suppliers, withFeatures }) => {
      const request = {
        modelName,
        modelVersion,
        suppliers: suppliers.map((one) => ({ ...one })),
        withScores: withFeatures,
      };
      try {
        return scoresFromProto(await ml.replay(request, propagateContextAsCaller(context)));
      } catch (error) {
        throw notUsable(error, { modelName, modelVersion }) ?? forCaller(error, context);
      }
    };
}

const REMOVED: ReadonlySet<string> = new Set(["VERSION_NOT_FOUND", "MODEL_NOT_FOUND"]);
const REJECTED: ReadonlySet<string> = new Set(["MODEL_REJECTED", "MODEL_CORRUPT", "MODEL_SIGNATURE", "BUNDLE"]);
/** Longest reason of ml-service in a finding, in UTF-16 units. */
const MAX_REASON = 350;

const said = ({ rawMessage }: ConnectError): string => rawMessage.slice(0, MAX_REASON);

/** Returns the error for a version that cannot compute scores any more. Undefined: the error is another one. */
function notUsable(
  error: unknown,
  { modelName, modelVersion }: Pick<ReplayCall, "modelName" | "modelVersion">,
): NotReplayableError | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const reasons = error.findDetails(ErrorInfoSchema).map(({ reason }) => reason);
  const version = `${modelName} ${modelVersion}`;
  if (reasons.some((reason) => REMOVED.has(reason)))
    return new NotReplayableError("version_removed", `The registry has no ${version} any more.`, { cause: error });
  if (error.code === Code.InvalidArgument)
    return new NotReplayableError("input_rejected", `ml-service rejects the recorded input: ${said(error)}`, {
      cause: error,
    });
  if (!reasons.some((reason) => REJECTED.has(reason))) return undefined;
  const message = `ml-service does not load ${version}: ${said(error)}`;
  return new NotReplayableError("version_rejected", message, { cause: error });
}

function scoresFromProto(response: ReplayResponse): ReplayedScores {
  const { model, riskScores, margins, bands, columnNames, contributions, baseValue, scores, rejected } = response;
  return {
    model: modelFromProto(model),
    riskScores: float64s(riskScores),
    margins: float64s(margins),
    ...{ bands, columnNames, baseValue },
    contributions: float32s(contributions),
    features: scores.map(
      ({ topContributions }) => new Map(topContributions.map(({ feature, contribution }) => [feature, contribution])),
    ),
    rejected: rejected.map(({ row, message }) => ({ row, message })),
  };
}

function modelFromProto(model: ReplayResponse["model"]): ModelRecord {
  const { name = "", version = "", modelDigest = "", bundleDigest = "" } = model ?? {};
  const { configHash = "", runtime = "", kernel = "" } = model ?? {};
  return { name, version, modelDigest, bundleDigest, configHash, runtime, kernel };
}
