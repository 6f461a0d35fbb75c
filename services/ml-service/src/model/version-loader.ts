import { ModelCorruptError, ModelSignatureError } from "@bellwether/registry/registry-error";
import { type Registry, storageOf } from "@bellwether/registry/storage/storage-of";
import type { Manifest } from "@bellwether/registry/versions/manifest";
import { readVersion, type StoredVersion } from "@bellwether/registry/versions/read-version";
import { versionFingerprint } from "@bellwether/registry/versions/version-fingerprint";
import { BundleError } from "@bellwether/risk-model/bundle/parse-bundle";
import type { BatchPool } from "@bellwether/scoring/batch/batch-pool";
import type { ModelCheck } from "@bellwether/scoring/model/model-check";
import type { ModelChecker } from "@bellwether/scoring/model/model-checker";
import { ModelRejectedError } from "@bellwether/scoring/model/model-rejected-error";
import { type GateOptions, openCheckedModel, openScoringModel } from "@bellwether/scoring/model/scoring-model";
import type { RejectedVersions } from "./rejected-versions.ts";
import { createLoadedVersion, keyOf, type LoadedVersion } from "./release-version.ts";
import { createServedModel } from "./served-model.ts";

/** Loads versions of one registry. The caller decides how many at a time. */
export interface VersionLoader {
  /**
   * Reads a version, makes the checks of the gate, and loads it. A version that was rejected is opened again only when its files have
   * changed.
   * @param where "thread": the version is read and checked in its own thread, because calls are answered meanwhile; "here": in the
   * calling thread, which loads the version once instead of twice
   * @throws ModelRejectedError, ModelCorruptError, ModelSignatureError: the version is rejected, and recorded as that
   * @throws VersionNotFoundError, RegistryUnavailableError, …: nothing is known about the version
   */
  load(modelName: string, version: string, where: "thread" | "here"): Promise<LoadedVersion>;
}

export interface VersionLoaderDeps {
  readonly registry: Registry;
  readonly pool: BatchPool;
  readonly checker: Pick<ModelChecker, "prepare">;
  /** The checks of a version that is opened in the calling thread: those of the checker. */
  readonly gate: GateOptions;
  readonly rejected: RejectedVersions;
  /** Largest model.onnx that is opened, bytes: a larger one would end a process with little memory. */
  readonly maxModelBytes: number;
  readonly now: () => Date;
}

/** Returns the size of the files of a version that stay in memory, bytes. */
export const sizeOf = ({ files }: Pick<Manifest, "files">): number =>
  files["model.onnx"].bytes + files["feature_bundle.json"].bytes;

export function createVersionLoader(deps: VersionLoaderDeps): VersionLoader {
  const { registry, pool, checker, gate, rejected, maxModelBytes, now } = deps;
  const isSigned = storageOf(registry).trusted !== undefined;
  /** Checks that versions have passed, by their key, with the fingerprint of their files; the oldest is forgotten first. */
  const passed = new Map<string, { readonly fingerprint: string; readonly checks: readonly ModelCheck[] }>();
  const open = async (stored: StoredVersion, key: string, fingerprint: string, where: "thread" | "here") => {
    if (where === "here") return await openCheckedModel(stored, gate);
    const before = passed.get(key);
    // A version that was released and is loaded again has the same files: golden rows and contributions are compared once more.
    const known = before?.fingerprint === fingerprint ? before.checks : null;
    const { checks, prepared } = await checker.prepare(stored, known);
    return { checks, model: await openScoringModel(stored, prepared) };
  };
  const remember = (key: string, fingerprint: string, checks: readonly ModelCheck[]): void => {
    passed.delete(key);
    passed.set(key, { fingerprint, checks });
    const [oldest] = passed.keys();
    if (passed.size > MAX_PASSED && oldest !== undefined) passed.delete(oldest);
  };
  return {
    async load(modelName, version, where) {
      const fingerprint = await versionFingerprint(registry, modelName, version);
      const known = rejected.find(modelName, version, fingerprint);
      if (known !== null) throw known.error;
      let checks: readonly ModelCheck[] = [];
      try {
        const stored = await readVersion(registry, modelName, version);
        if (stored.onnx.length > maxModelBytes) throw tooLarge(stored.onnx.length, maxModelBytes);
        checks = [...READ, isSigned ? SIGNED : NOT_SIGNED];
        const key = keyOf(modelName, version);
        const opened = await open(stored, key, fingerprint, where);
        remember(key, fingerprint, opened.checks);
        checks = [...checks, ...opened.checks];
        const model = createServedModel(opened.model, stored, pool);
        rejected.remove(modelName, version);
        return createLoadedVersion({
          ...{ key, model, bytes: sizeOf(stored.manifest), checks, loadedAt: now() },
        });
      } catch (error) {
        if (!isRejection(error)) throw error;
        const made = [...checks, ...failedChecks(error)];
        // A file that could not be read now is read again at the next attempt.
        const files = error instanceof ModelCorruptError && error.mayPass ? null : fingerprint;
        rejected.add({ modelName, version, reason: error.message, at: now(), checks: made }, files, error);
        throw error;
      }
    },
  };
}

function tooLarge(bytes: number, maxBytes: number): ModelRejectedError {
  const detail = `model.onnx has ${bytes} bytes, the memory of this service suffices for ${maxBytes}: give it more, or train fewer or shallower trees`;
  return new ModelRejectedError(detail, { checks: [{ name: "size", outcome: "failed", detail }] });
}

/** Largest number of versions whose passed checks are remembered. */
const MAX_PASSED = 64;
const READ: readonly ModelCheck[] = [
  { name: "size", outcome: "passed", detail: "" },
  { name: "digest", outcome: "passed", detail: "" },
];
const SIGNED: ModelCheck = { name: "signature", outcome: "passed", detail: "" };
const NOT_SIGNED: ModelCheck = { name: "signature", outcome: "not_made", detail: "no public key is configured" };

type RejectionError = ModelRejectedError | ModelCorruptError | ModelSignatureError | BundleError;

const isRejection = (error: unknown): error is RejectionError =>
  error instanceof ModelRejectedError ||
  error instanceof ModelCorruptError ||
  error instanceof ModelSignatureError ||
  error instanceof BundleError;

function failedChecks(error: RejectionError): readonly ModelCheck[] {
  if (error instanceof ModelRejectedError) return error.checks;
  const failed = (name: ModelCheck["name"]): ModelCheck[] => [{ name, outcome: "failed", detail: error.message }];
  if (error instanceof ModelSignatureError) return failed("signature");
  return error instanceof ModelCorruptError ? failed(error.check) : failed("bundle");
}
