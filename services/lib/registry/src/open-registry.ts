import { readFileSync } from "node:fs";
import path from "node:path";
import { type EnvOf, env, readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { AZURE_ENV, azureCredentials } from "@bellwether/object-store/azure-env";
import { isStoreUrl, parseStoreUrl, type StoreLocation } from "@bellwether/object-store/location/store-url";
import { openObjectStore, type StoreOptions } from "@bellwether/object-store/open-store";
import { signingKey, trustedKeys } from "./keys/registry-keys.ts";
import { registryRoot } from "./layout.ts";
import { RegistryNameError } from "./registry-error.ts";
import { type Registry, storageOf } from "./storage/storage-of.ts";
import { createStoreStorage } from "./storage/store-storage.ts";

/** Variables that say where the registry is. */
export const REGISTRY_ENV = {
  registry: sharedEnv.registry,
  /** File with the public keys, one of which must have signed each version that is loaded. */
  registryPublicKeys: env.optional(env.path("MODEL_REGISTRY_PUBLIC_KEYS")),
  /** File with the private key that signs new versions. */
  registrySigningKey: env.optional(env.path("MODEL_REGISTRY_SIGNING_KEY")),
  ...AZURE_ENV,
};

/**
 * Returns the registry of a URL: `file:FOLDER` or a path (relative to `cwd`), `s3://BUCKET/PREFIX?…` or `azure://CONTAINER/PREFIX?…`. No
 * call is made, and the client of an object store is loaded with the first access.
 * @throws RegistryNameError for another URL; nothing of a URL that may have a secret is quoted
 *
 * @example
 * const registry = openRegistry("s3://models/prod?region=eu-central-1", process.cwd(), {});
 * await readVersion(registry, "supplier-risk", await resolveVersion(registry, "supplier-risk", "champion"));
 */
export function openRegistry(url: string, cwd: string, options: StoreOptions): Registry {
  if (!isStoreUrl(url) || /^file:/i.test(url)) return registryRoot(url, cwd);
  const location = locationOf(url);
  return createStoreStorage(location.address, () => openObjectStore(location, options));
}

function locationOf(url: string): StoreLocation {
  try {
    return parseStoreUrl(url);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new RegistryNameError(`MODEL_REGISTRY_URL: ${cause.message}`, { cause });
  }
}

/**
 * Returns the registry that the environment names, with its keys.
 * @throws RegistryNameError for another URL, and for a key file that cannot be read
 */
export function registryOfEnv(
  config: EnvOf<typeof REGISTRY_ENV>,
  cwd: string,
  limits?: StoreOptions["limits"],
): Registry {
  const { registry: url, registryPublicKeys: publicKeys, registrySigningKey: privateKey } = config;
  const registry = openRegistry(url, cwd, { azure: azureCredentials(config), ...(limits && { limits }) });
  if (publicKeys === null && privateKey === null) return registry;
  return {
    ...storageOf(registry),
    ...(publicKeys !== null && { trusted: trustedKeys(...keyText("MODEL_REGISTRY_PUBLIC_KEYS", publicKeys, cwd)) }),
    ...(privateKey !== null && { signer: signingKey(...keyText("MODEL_REGISTRY_SIGNING_KEY", privateKey, cwd)) }),
  };
}

/** Returns the text of a key file, and its name for messages. @throws RegistryNameError */
function keyText(variable: string, file: string, cwd: string): readonly [text: string, name: string] {
  const name = `${variable}: ${file}`;
  try {
    return [readFileSync(path.resolve(cwd, file), "utf8"), name];
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "unknown error";
    throw new RegistryNameError(`${name} cannot be read (${code})`, { cause });
  }
}

/** Returns the registry of a process environment. @throws EnvError, and the errors of `openRegistry` */
export function registryOfProcess(source: Readonly<Record<string, string | undefined>>, cwd: string): Registry {
  return registryOfEnv(readEnv(source, REGISTRY_ENV), cwd);
}

/** Returns the registry for messages: its folder, or its URL without a query. */
export const addressOf = (registry: Registry): string => (typeof registry === "string" ? registry : registry.address);
