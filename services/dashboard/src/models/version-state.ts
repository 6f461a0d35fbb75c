import type {
  Alias,
  GetReplicaStatusResponse,
  ModelVersion,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ModelCheckOutcome } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { wordOf } from "../parts/words.ts";
import { CHECK_WORDS } from "./model-words.ts";

/** What a version is used for, and why it is not accepted. */
export interface VersionState {
  /** The aliases that point at the version: "champion", "challenger". */
  readonly aliases: readonly string[];
  /** Why the version is not accepted, one sentence each. Empty: no reason is known. */
  readonly rejections: readonly string[];
}

/** Returns the state of a version from the registry and from the replicas that have answered. */
export function versionState(
  { version, modelName, rejectionReason }: ModelVersion,
  aliases: readonly Alias[],
  replicas: readonly GetReplicaStatusResponse[],
): VersionState {
  const byReplica = replicas.flatMap(({ replica, rejection, rejections }) => {
    const all = rejection ? [...rejections, rejection] : rejections;
    const found = all.find((one) => one.version === version && one.modelName === modelName);
    if (!found) return [];
    const failed = found.checks.find(({ outcome }) => outcome === ModelCheckOutcome.FAILED);
    const check = failed ? ` (check ${wordOf(CHECK_WORDS, failed.kind)})` : "";
    return [{ reason: found.reason, text: `${found.reason}${check}, at ${replica}` }];
  });
  // ListVersions has the rejection of the replica that has answered it.
  const isNamed = byReplica.some(({ reason }) => reason === rejectionReason);
  return {
    aliases: aliases.filter((alias) => alias.version === version).map(({ name }) => name),
    rejections: [
      ...(rejectionReason !== "" && !isNamed ? [rejectionReason] : []),
      ...byReplica.map(({ text }) => text),
    ],
  };
}
