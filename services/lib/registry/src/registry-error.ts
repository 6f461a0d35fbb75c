import path from "node:path";

/** The registry has no model of that name. */
export class ModelNotFoundError extends Error {
  override readonly name = "ModelNotFoundError" as const;
  readonly modelName: string;
  constructor(modelName: string) {
    super(`no model "${modelName}" in the registry; publish one with: bellwether train --publish`);
    this.modelName = modelName;
  }
}

/** The model exists, but the version or alias does not. */
export class VersionNotFoundError extends Error {
  override readonly name = "VersionNotFoundError" as const;
  readonly modelName: string;
  readonly version: string;
  constructor(modelName: string, version: string) {
    super(`model "${modelName}" has no version or alias "${version}"; list them with: bellwether models list`);
    this.modelName = modelName;
    this.version = version;
  }
}

/** A published file or an alias file is missing, was changed, or is not a regular file with one hard link. */
export class ModelCorruptError extends Error {
  override readonly name = "ModelCorruptError" as const;
  readonly file: string;
  constructor(file: string, what: string) {
    const wayOut =
      path.basename(file) === "aliases.json"
        ? "put a sound one there, or remove it and set the aliases again"
        : "publish the version again, or point the alias at another one";
    super(`${file}: ${what}; ${wayOut}`);
    this.file = file;
  }
}

/** The alias no longer points at the version that the caller expected. */
export class AliasMovedError extends Error {
  override readonly name = "AliasMovedError" as const;
  readonly alias: string;
  readonly found: string;
  constructor(alias: string, expected: string, found: string) {
    super(
      `alias "${alias}" points at "${found || "nothing"}", not at "${expected || "nothing"}"; read the alias again before you retry`,
    );
    this.alias = alias;
    this.found = found;
  }
}

/** Another process holds the registry's write lock. */
export class RegistryBusyError extends Error {
  override readonly name = "RegistryBusyError" as const;
  readonly retryAfterMs = 1_000;
  /** @param pid Process id of the holder; null when it is not known. */
  constructor(lockFile: string, pid: number | null) {
    super(`${lockFile} is held by ${pid === null ? "another process" : `process ${pid}`}; try again when it is done`);
  }
}

/** The registry does not accept a model name, version, text or registry URL. */
export class RegistryNameError extends Error {
  override readonly name = "RegistryNameError" as const;
}
