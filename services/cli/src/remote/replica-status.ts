import {
  type ModelCheck,
  ModelCheckKind,
  ModelCheckOutcome,
  ModelRegistryService,
  type Rejection,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import type { CliContext } from "../context/cli-context.ts";
import { enumWord } from "../output/enum-word.ts";
import { callerSettings } from "./caller-token.ts";
import { peerError } from "./peer-error.ts";
import { ML_PEER, peerUrl } from "./peer-url.ts";

/** A check of a version: "passed", "failed" or "not_made". */
interface ShownCheck {
  readonly name: string;
  readonly outcome: string;
  readonly detail: string;
}

interface ShownRejection {
  readonly model: string;
  readonly version: string;
  readonly reason: string;
  readonly at: string | null;
  readonly checks: readonly ShownCheck[];
}

/** Status of one replica of ml-service. If `error` is set, the other fields are empty. */
export interface ReplicaStatus {
  readonly url: string;
  readonly replica: string;
  readonly model: string;
  readonly champion: string;
  readonly served: string;
  readonly model_digest: string;
  readonly served_since: string | null;
  /** The checks that the served version has passed. */
  readonly checks: readonly ShownCheck[];
  readonly rejection: ShownRejection | null;
  /** Every version that the replica has rejected, the newest last. */
  readonly rejections: readonly ShownRejection[];
  readonly other_versions: readonly string[];
  readonly error: string | null;
}

const ML = { service: "ml-service", option: "--ml", listener: "grpc" } as const;

/**
 * Asks each replica what it serves. A replica that does not answer has `error` set.
 * @param modelName "": the default model of the replicas
 */
export async function askReplicas(
  context: CliContext,
  urls: readonly string[] | undefined,
  modelName = "",
): Promise<ReplicaStatus[]> {
  const calls = callerSettings(context);
  const given = urls ?? [undefined];
  return Promise.all(given.map((url) => askReplica(peerUrl(ML_PEER, url, context), calls, modelName)));
}

/** Asks the replicas that the option or ML_SERVICE_URL names. Without both, none is asked. */
export const askNamedReplicas = async (
  context: CliContext,
  urls: readonly string[] | undefined,
): Promise<ReplicaStatus[]> =>
  urls === undefined && !context.env.ML_SERVICE_URL ? [] : await askReplicas(context, urls);

async function askReplica(
  url: string,
  calls: ReturnType<typeof callerSettings>,
  modelName: string,
): Promise<ReplicaStatus> {
  using transport = createMeshTransport({ url, ...calls });
  try {
    const registry = createClient(ModelRegistryService, transport);
    const status = await registry.getReplicaStatus({ modelName }, { timeoutMs: 5_000 });
    const { rejection } = status;
    return {
      url,
      replica: status.replica,
      model: status.modelName,
      champion: status.championVersion,
      served: status.servedVersion,
      model_digest: status.servedModelDigest,
      served_since: status.servedSince ? timestampDate(status.servedSince).toISOString() : null,
      checks: status.servedChecks.map(checkOf),
      rejection: rejection ? rejectionOf(rejection) : null,
      rejections: status.rejections.map(rejectionOf),
      other_versions: status.otherVersions,
      error: null,
    };
  } catch (error) {
    const empty = { replica: "", model: "", champion: "", served: "", model_digest: "", served_since: null };
    return {
      url,
      ...empty,
      ...{ checks: [], rejection: null, rejections: [], other_versions: [] },
      error: (await peerError(error, { ...ML, url })).message,
    };
  }
}

function checkOf({ kind, outcome, detail }: ModelCheck): ShownCheck {
  return { name: enumWord(ModelCheckKind, kind), outcome: enumWord(ModelCheckOutcome, outcome), detail };
}

function rejectionOf({ modelName, version, reason, rejectedAt, checks }: Rejection): ShownRejection {
  const at = rejectedAt ? timestampDate(rejectedAt).toISOString() : null;
  return { model: modelName, version, reason, at, checks: checks.map(checkOf) };
}

/** Returns the name of the check that a version has failed. */
const failedCheck = ({ checks }: ShownRejection): string =>
  checks.find(({ outcome }) => outcome === "failed")?.name ?? "not reached";

/** The rejection of a version by one replica. */
export interface ReplicaRejection extends Pick<ShownRejection, "reason" | "at"> {
  readonly replica: string;
  /** Name of the check that failed; "not reached" when none did. */
  readonly check: string;
}

/** Returns which of the replicas have rejected a version, and why. */
export function rejectionsOf(replicas: readonly ReplicaStatus[], model: string, version: string): ReplicaRejection[] {
  return replicas.flatMap(({ replica, rejection, rejections }) => {
    const all = rejection === null ? rejections : [...rejections, rejection];
    const found = all.find((one) => one.model === model && one.version === version);
    return found === undefined ? [] : [{ replica, reason: found.reason, at: found.at, check: failedCheck(found) }];
  });
}

/** Returns the status of a replica as text. */
export function replicaLines(status: ReplicaStatus): string[] {
  if (status.error !== null) return [`${status.url}: ${status.error}`];
  const served =
    status.served === "" ? "serves no model" : `serves ${status.model} ${status.served} since ${status.served_since}`;
  const { rejection, rejections } = status;
  const others = rejections.filter(({ model, version }) => model !== rejection?.model || version !== rejection.version);
  return [
    `${status.replica} (${status.url}): ${served}`,
    ...(rejection === null
      ? []
      : [
          `  does not serve the champion ${rejection.version || "alias"}: ${rejection.reason} (since ${rejection.at}; check ${failedCheck(rejection)})`,
        ]),
    ...others.map(
      (one) => `  has rejected ${one.model} ${one.version}: ${one.reason} (since ${one.at}; check ${failedCheck(one)})`,
    ),
    ...(status.other_versions.length === 0
      ? []
      : [`  also loaded, for requests that name them: ${status.other_versions.join(", ")}`]),
  ];
}
