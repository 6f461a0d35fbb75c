import { TensorError } from "./tensor-error.ts";

const NUMBER = /^[1-9]\d{0,8}$/;
const VERSION = /^v([1-9]\d{0,8})$/;

/**
 * Returns the version of the registry that a request names: "1" and "v1" are version v1, an alias is itself, and "" is
 * the champion. @throws TensorError
 */
export function versionOfRequest(version: string): string {
  if (NUMBER.test(version)) return `v${version}`;
  if (version === "" || VERSION.test(version) || /^[a-z][a-z0-9-]{0,62}$/.test(version)) return version;
  throw new TensorError(
    "model_version",
    `is "${version.slice(0, 40).toWellFormed()}"; expected a number such as "1", or nothing for the champion`,
  );
}

/** Returns a version of the registry as a number, the form of the protocol: v1 is "1". */
export const numberOfVersion = (version: string): string => VERSION.exec(version)?.[1] ?? version;
