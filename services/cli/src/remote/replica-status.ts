import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import type { CliContext } from "../context/cli-context.ts";
import { callerSettings } from "./caller-token.ts";
import { peerError } from "./peer-error.ts";
import { ML_PEER, peerUrl } from "./peer-url.ts";

/** Status of one replica of ml-service. If `error` is set, the other fields are empty. */
export interface ReplicaStatus {
  readonly url: string;
  readonly replica: string;
  readonly model: string;
  readonly champion: string;
  readonly served: string;
  readonly model_digest: string;
  readonly served_since: string | null;
  readonly rejection: { readonly version: string; readonly reason: string; readonly at: string | null } | null;
  readonly other_versions: readonly string[];
  readonly error: string | null;
}

const ML = { service: "ml-service", option: "--ml", listener: "grpc" } as const;

/** Asks each replica what it serves. A replica that does not answer has `error` set. */
export async function askReplicas(context: CliContext, urls: readonly string[] | undefined): Promise<ReplicaStatus[]> {
  const calls = callerSettings(context);
  const given = urls ?? [undefined];
  return Promise.all(given.map((url) => askReplica(peerUrl(ML_PEER, url, context), calls)));
}

async function askReplica(url: string, calls: ReturnType<typeof callerSettings>): Promise<ReplicaStatus> {
  using transport = createMeshTransport({ url, ...calls });
  try {
    const status = await createClient(ModelRegistryService, transport).getReplicaStatus({}, { timeoutMs: 5_000 });
    const { rejection } = status;
    return {
      url,
      replica: status.replica,
      model: status.modelName,
      champion: status.championVersion,
      served: status.servedVersion,
      model_digest: status.servedModelDigest,
      served_since: status.servedSince ? timestampDate(status.servedSince).toISOString() : null,
      rejection: rejection
        ? {
            version: rejection.version,
            reason: rejection.reason,
            at: rejection.rejectedAt ? timestampDate(rejection.rejectedAt).toISOString() : null,
          }
        : null,
      other_versions: status.otherVersions,
      error: null,
    };
  } catch (error) {
    const empty = { replica: "", model: "", champion: "", served: "", model_digest: "", served_since: null };
    return {
      url,
      ...empty,
      rejection: null,
      other_versions: [],
      error: (await peerError(error, { ...ML, url })).message,
    };
  }
}

/** Returns the status of a replica as text. */
export function replicaLines(status: ReplicaStatus): string[] {
  if (status.error !== null) return [`${status.url}: ${status.error}`];
  const served =
    status.served === "" ? "serves no model" : `serves ${status.model} ${status.served} since ${status.served_since}`;
  const { rejection } = status;
  return [
    `${status.replica} (${status.url}): ${served}`,
    ...(rejection === null
      ? []
      : [`  does not serve the champion ${rejection.version || "alias"}: ${rejection.reason} (since ${rejection.at})`]),
    ...(status.other_versions.length === 0
      ? []
      : [`  also loaded, for requests that name them: ${status.other_versions.join(", ")}`]),
  ];
}
