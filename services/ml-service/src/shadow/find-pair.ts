import { ModelCorruptError, ModelSignatureError } from "@bellwether/registry/registry-error";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ComparedVersion, ShadowState } from "../domain/shadow.ts";

/** Access to the versions of a model. */
export interface ShadowVersionsAccess {
  /** The champion that this replica serves. Null: none. */
  readonly served: () => ComparedVersion | null;
  /** The version of the challenger alias. Null: the alias is not set. */
  readonly challenger: () => Promise<string | null>;
  /** A text that changes when files of a version change. */
  readonly fingerprint: (version: string) => Promise<string>;
  readonly read: (version: string) => Promise<StoredVersion>;
}

/** The pair to compare, or the state when there is none. `key` changes when the pair, or the files of the challenger, change. */
export type FoundPair =
  | { readonly kind: "pair"; readonly key: string; readonly champion: ComparedVersion; readonly challenger: string }
  | { readonly kind: "none"; readonly state: ShadowState; readonly champion: string; readonly challenger: string };

/** Returns the pair that the aliases name now; no file of a version is read. @throws errors of the registry */
export async function findPair({ served, challenger, fingerprint }: ShadowVersionsAccess): Promise<FoundPair> {
  const champion = served();
  const version = await challenger();
  const named = { champion: champion?.version ?? "", challenger: version ?? "" };
  if (champion === null) return { kind: "none", state: "no_champion", ...named };
  if (version === null) return { kind: "none", state: "no_challenger", ...named };
  if (champion.version === version) return { kind: "none", state: "same_version", ...named };
  const key = [champion.version, champion.modelDigest, version, await fingerprint(version)].join(" ");
  return { kind: "pair", key, champion, challenger: version };
}

/** The files of the challenger are damaged or not signed: reading them again changes nothing until they change. */
export class DamagedChallengerError extends Error {
  override readonly name = "DamagedChallengerError" as const;
}

/** Reads the challenger. @throws DamagedChallengerError, and errors of the registry */
async function readChallenger(read: ShadowVersionsAccess["read"], version: string): Promise<StoredVersion> {
  try {
    return await read(version);
  } catch (error) {
    const isDamaged = error instanceof ModelSignatureError || (error instanceof ModelCorruptError && !error.mayPass);
    throw isDamaged ? new DamagedChallengerError(error.message, { cause: error }) : error;
  }
}

/** Reads both versions of a pair. @throws DamagedChallengerError; errors of the registry; Error when the champion is not the served one */
export async function readPair(
  { read }: ShadowVersionsAccess,
  { champion, challenger }: FoundPair & { readonly kind: "pair" },
): Promise<{ readonly champion: StoredVersion; readonly challenger: StoredVersion }> {
  const stored = { champion: await read(champion.version), challenger: await readChallenger(read, challenger) };
  if (stored.champion.manifest.files["model.onnx"].sha256 !== champion.modelDigest)
    throw new Error(`the files of ${champion.version} are not those that are served`);
  return stored;
}
