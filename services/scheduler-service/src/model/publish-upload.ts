import { aliasVersion, readAliases } from "@bellwether/registry/aliases/aliases";
import { ModelNotFoundError } from "@bellwether/registry/registry-error";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import type { VersionCheck } from "@bellwether/registry/versions/read-version";
import { type PublishedModel, publishModel } from "@bellwether/scoring/publish/publish-model";
import type { PreparedModel, PrepareTask } from "./prepare-task.ts";

/** What an uploader says about a model. */
export interface UploadProvenance {
  /** Who uploads: recorded as having set the alias. */
  readonly actor: string;
  readonly builder: string;
  readonly metrics: Readonly<Record<string, number>>;
  /** SHA-256 of the training data, lower-case hex. Empty: not known. */
  readonly dataSha256: string;
  readonly reason: string;
}

export interface UploadPublisher {
  readonly registry: Registry;
  readonly prepare: (task: PrepareTask, signal: AbortSignal) => Promise<PreparedModel>;
  readonly check: (signal: AbortSignal) => VersionCheck;
  readonly now: () => Date;
}

/** Returns the alias that a new version of a model gets. */
export async function aliasOfNext(registry: Registry, modelName: string): Promise<"champion" | "challenger"> {
  try {
    return aliasVersion(await readAliases(registry, modelName), "champion") === undefined ? "champion" : "challenger";
  } catch (error) {
    if (error instanceof ModelNotFoundError) return "champion";
    throw error;
  }
}

/**
 * Prepares an uploaded model and publishes it.
 * @param stillAllowed called when the model has passed its checks, before anything is stored; it may throw
 */
export async function publishUpload(
  { registry, prepare, check, now }: UploadPublisher,
  task: PrepareTask,
  { actor, builder, metrics, dataSha256, reason }: UploadProvenance,
  stillAllowed: () => void,
  signal: AbortSignal,
): Promise<PublishedModel & { readonly notes: readonly string[] }> {
  const { notes, ...model } = await prepare(task, signal);
  const publication = {
    ...{ ...model, modelName: task.modelName, evaluation: null, now: now(), builder, metrics },
    ...(dataSha256 !== "" && { dataSha256 }),
  };
  let isStored = false;
  const checkThenAllow: VersionCheck = async (stored) => {
    await check(signal)(stored);
    // Decided once: an alias that is not set after the version was stored would be half of a publication.
    if (!isStored) stillAllowed();
    isStored = true;
  };
  const published = await publishModel(
    registry,
    publication,
    { setBy: actor, reason },
    { complete: (prepared) => Promise.resolve(prepared), check: checkThenAllow },
  );
  return { ...published, notes };
}
