import type { SigningKey, TrustedKey } from "../keys/registry-keys.ts";

/** Path of a file below the registry: a model's file, or a file of one of its versions. */
export type RegistryFile =
  | readonly [modelName: string, file: string]
  | readonly [modelName: string, version: string, file: string];

export interface ReadFile {
  /** Largest size that is read, bytes. A larger file is an error before its content is read. */
  readonly maxBytes: number;
  /** SHA-256 that the content should have, lower-case hex. A cache finds the content by it; the reader compares it. */
  readonly sha256?: string;
}

/** A file to store. */
export interface NewFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Whether a version is of the same model. @param manifest content of its manifest.json */
export type IsSameModel = (manifest: Uint8Array) => boolean;

/**
 * Where a registry is stored: a folder or an object store. All functions throw RegistryNameError for names that are not valid and
 * RegistryUnavailableError when the object store cannot be used.
 */
export interface RegistryStorage {
  /** The registry for messages and logs: a path, or a URL without its query. Contains no secret. */
  readonly address: string;
  readonly kind: "folder" | "store";
  /** Keys, one of which must have signed a version that is read. Unset: signatures are not verified. */
  readonly trusted?: readonly TrustedKey[];
  /** Key that signs new versions. Unset: new versions are not signed. */
  readonly signer?: SigningKey;
  /** Returns the names of the folders below the registry; empty when it does not exist yet. */
  folders(): Promise<readonly string[]>;
  /** Returns the names in a model's folder; null when the model does not exist. */
  namesOf(modelName: string): Promise<readonly string[] | null>;
  /** Whether a model exists. */
  hasModel(modelName: string): Promise<boolean>;
  /** Whether a file exists. */
  hasFile(file: RegistryFile): Promise<boolean>;
  /** Returns the address of a file, for messages. */
  placeOf(file: RegistryFile): string;
  /**
   * Reads a file whole.
   * @returns null when it does not exist
   * @throws ModelCorruptError when it is too large, or not a regular file
   */
  read(file: RegistryFile, options: ReadFile): Promise<Uint8Array | null>;
  /**
   * Returns a text that changes when a file of the version may have changed, without reading a file. It does not change otherwise.
   */
  fingerprint(modelName: string, version: string): Promise<string>;
  /**
   * Stores a version under the next free number, completely or not at all: a killed process leaves no version that is visible.
   * @param filesOf returns the files of the version in the order in which they are written, the manifest last
   * @param isSame whether the manifest of another version is of the same model. Of publishers that store the same model at the same
   * time, one stores it. Default: it is stored in any case
   * @returns the version, for example "v3"; null: another version has the same model, and nothing was stored
   */
  createVersion(
    modelName: string,
    filesOf: (version: string) => readonly NewFile[],
    isSame?: IsSameModel,
  ): Promise<string | null>;
  /** Removes a file. A file that does not exist is no error. */
  remove(file: RegistryFile): Promise<void>;
  /**
   * Changes the text of a small file in one step that no other writer can interrupt: of two writers, the second gets the text of the
   * first. `change` can be called several times.
   * @param change gets the present text, or null; the new text null leaves the file as it is
   * @throws RegistryBusyError when other writers are faster again and again; the errors of `change`
   */
  update<T>(
    file: RegistryFile,
    maxBytes: number,
    change: (text: string | null) => { readonly text: string | null; readonly result: T },
  ): Promise<T>;
}
