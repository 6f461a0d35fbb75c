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
  /** The check of the gate that has failed. */
  readonly check: "size" | "digest";
  /** Whether another attempt can succeed although the files are the same, for example after EMFILE. */
  readonly mayPass: boolean;
  constructor(
    file: string,
    what: string,
    { check = "digest", mayPass = false }: { readonly check?: "size" | "digest"; readonly mayPass?: boolean } = {},
  ) {
    const wayOut =
      path.basename(file) === "aliases.json"
        ? "put a sound one there, or remove it and set the aliases again"
        : path.basename(file).startsWith("gate-")
          ? "make a new result with: bellwether models gate"
          : "publish the version again, or point the alias at another one";
    super(`${file}: ${what}; ${wayOut}`);
    this.file = file;
    this.check = check;
    this.mayPass = mayPass;
  }
}

/** No trusted key has signed the version. */
export class ModelSignatureError extends Error {
  override readonly name = "ModelSignatureError" as const;
  constructor(modelName: string, version: string, what: string) {
    super(
      `${modelName} ${version} is not accepted: ${what}; sign it with: bellwether models sign ${version} --model ${modelName} --key FILE, or choose another version`,
    );
  }
}

/** The version is not removed because something needs it. */
export class VersionNeededError extends Error {
  override readonly name = "VersionNeededError" as const;
  constructor(modelName: string, version: string, why: string) {
    super(`${modelName} ${version} is not removed: ${why}`);
  }
}

/** The registry accepts only versions that a trusted key has signed, and a version that is published now would not be signed. */
export class UnsignedVersionError extends Error {
  override readonly name = "UnsignedVersionError" as const;
  constructor(what: string) {
    super(
      `this registry accepts only signed versions (MODEL_REGISTRY_PUBLIC_KEYS), and ${what}; nothing was stored: set MODEL_REGISTRY_SIGNING_KEY to a private key whose public key is trusted`,
    );
  }
}

/** What an alias points at, and who moved it there. */
interface CurrentAlias {
  readonly version: string;
  readonly setBy: string;
  readonly setAt: string;
}

/** The alias no longer points at the version that the caller expected: another caller has moved it. */
export class AliasMovedError extends Error {
  override readonly name = "AliasMovedError" as const;
  readonly alias: string;
  /** The version that the alias points at. Empty: none. */
  readonly found: string;
  /** What the caller can decide by. */
  readonly metadata: Readonly<Record<string, string>>;
  constructor(alias: string, expected: string, current: CurrentAlias | undefined) {
    const found =
      current === undefined ? "nothing" : `${current.version}, moved by ${current.setBy} at ${current.setAt}`;
    super(
      `alias "${alias}" points at ${found}, not at ${expected || "nothing"}; read the alias again before you retry`,
    );
    this.alias = alias;
    this.found = current?.version ?? "";
    this.metadata = {
      ...{ alias, version: this.found },
      ...(current !== undefined && { moved_by: current.setBy, moved_at: current.setAt }),
    };
  }
}

/** Other writers of the registry were faster: one holds its lock, or they replaced a file again and again. */
export class RegistryBusyError extends Error {
  override readonly name = "RegistryBusyError" as const;
  readonly retryAfterMs = 1_000;
  constructor(what: string) {
    super(`${what}; try again when it is done`);
  }
}

/** The object store of the registry cannot be used now. The message is that of the store, without secrets. */
export class RegistryUnavailableError extends Error {
  override readonly name = "RegistryUnavailableError" as const;
  readonly retryAfterMs = 2_000;
  constructor(cause: Error) {
    super(`the model registry cannot be used: ${cause.message}`, { cause });
  }
}

/** The registry does not accept a model name, version, text or registry URL. */
export class RegistryNameError extends Error {
  override readonly name = "RegistryNameError" as const;
}

/** The version has no result of the promotion gate, or none with this id. */
export class GateNotFoundError extends Error {
  override readonly name = "GateNotFoundError" as const;
  constructor(modelName: string, version: string, gateId: string) {
    super(
      gateId === ""
        ? `${modelName} ${version} has no result of the promotion gate; make one with: bellwether models gate ${version}`
        : `${modelName} ${version} has no result ${gateId.slice(0, 64)} of the promotion gate; bellwether models show ${version} has the newest one`,
    );
  }
}

/** The result that a decision names is not the newest one any more, or is about another champion. */
export class GateStaleError extends Error {
  override readonly name = "GateStaleError" as const;
  constructor(modelName: string, version: string, what: string) {
    super(
      `the result of the promotion gate about ${modelName} ${version} is out of date: ${what}; nothing was changed. Make a new one with: bellwether models gate ${version}`,
    );
  }
}

/** The challenger has failed the promotion gate, so it is not promoted by an approval. */
export class GateFailedError extends Error {
  override readonly name = "GateFailedError" as const;
  constructor(modelName: string, version: string, summary: string) {
    super(
      `${modelName} ${version} is not promoted: it has failed the promotion gate (${summary}). To make it the champion all the same: bellwether models promote ${version} --reason TEXT`,
    );
  }
}

/** Somebody has decided about the result already. */
export class PromotionDecidedError extends Error {
  override readonly name = "PromotionDecidedError" as const;
  /** What the caller can decide by. */
  readonly metadata: Readonly<Record<string, string>>;
  constructor(
    modelName: string,
    version: string,
    { outcome, by, at }: { readonly outcome: string; readonly by: string; readonly at: string },
  ) {
    super(`${modelName} ${version} was ${outcome} by ${by} at ${at}; nothing was changed`);
    this.metadata = { outcome, decided_by: by, decided_at: at };
  }
}
