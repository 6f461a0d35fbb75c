import { StoreUrlError } from "../store-error.ts";
import { checkKey } from "./object-key.ts";

/** Where objects are: a kind of store, its bucket, container or folder, and a key or a prefix in it. */
export type StoreLocation = S3Location | AzureLocation | FolderLocation;

interface Location {
  /** Key or prefix, without "/" at its begin and end. Empty: the whole bucket, container or folder. */
  readonly path: string;
  /** The URL without its query, for messages. */
  readonly address: string;
  /** The query with its "?", as it was given. Empty: none. Contains no secret. */
  readonly query: string;
}

export interface S3Location extends Location {
  readonly kind: "s3";
  readonly bucket: string;
  /** Null: the endpoint of AWS in the region. */
  readonly endpoint: string | null;
  /** Null: AWS_REGION, or the region of the AWS profile. */
  readonly region: string | null;
  /** Whether the bucket is in the path of requests instead of the host name. Default: when there is an endpoint. */
  readonly isPathStyle: boolean;
}

export interface AzureLocation extends Location {
  readonly kind: "azure";
  readonly container: string;
  /** Name of the storage account. Null: that of the environment. */
  readonly account: string | null;
  /** Null: https://ACCOUNT.blob.core.windows.net. */
  readonly endpoint: string | null;
}

export interface FolderLocation extends Location {
  readonly kind: "file";
  /** Path of the folder, absolute or relative to the present one. */
  readonly folder: string;
}

/**
 * Whether a text is a URL and not the path of a file. True also for URLs that `parseStoreUrl` rejects: they may
 * contain a secret, so a message must not quote them as a file name.
 */
export function isStoreUrl(text: string): boolean {
  return /^(?:(?:s3|azure):|[a-z][a-z0-9+.-]+:\/\/)/i.test(text);
}

const FORM = /^(?<kind>s3|azure):\/\/(?<root>[^/?#]*)(?:\/(?<path>[^?]*))?(?<query>\?.*)?$/su;
/** Names of buckets (with dots) and of containers. */
const ROOT = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ROOT_FORM = "of the characters a-z, 0-9, - and ., with a letter or digit at both ends";
const REGION = {
  pattern: /^[a-z0-9-]{1,40}$/,
  expected: "1 to 40 of the characters a-z, 0-9 and -, such as eu-central-1",
};
const ACCOUNT = { pattern: /^[a-z0-9]{3,24}$/, expected: "3 to 24 of the characters a-z and 0-9" };
const YES_NO = { pattern: /^(?:true|false)$/, expected: "true or false" };
const PARAMETERS = { s3: ["endpoint", "region", "path_style"], azure: ["endpoint", "account"] } as const;
const EXPECTED =
  "use s3://BUCKET/KEY?region=REGION&endpoint=URL, azure://CONTAINER/KEY?account=NAME&endpoint=URL or file:FOLDER";
/** Schemes that people try. Only these are quoted: another word before a colon can be a part of a key. */
const OTHER_SCHEME = /^(https?|ftp|gs|gcs|s3a|s3n|abfss?|wasbs?|hdfs):\/\//i;
const NO_SECRETS = "a URL must not contain credentials: the environment has them (docs/object-store.md)";

/**
 * Reads the URL of an object, a prefix or a folder. Keys are literal: no character is escaped. Credentials are rejected wherever
 * they are in the URL, and never quoted.
 * @throws StoreUrlError, ObjectKeyError
 */
export function parseStoreUrl(text: string): StoreLocation {
  if (/^file:/i.test(text)) return folderLocation(text.slice("file:".length));
  const found = FORM.exec(text)?.groups;
  if (found === undefined) {
    const scheme = OTHER_SCHEME.exec(text)?.[1];
    if (scheme !== undefined) throw new StoreUrlError(`URLs with ${scheme.toLowerCase()}: are not read; ${EXPECTED}`);
    // The text may be a mistyped URL with a secret, so nothing of it is quoted.
    throw new StoreUrlError(`the URL of an object store cannot be read; ${EXPECTED}`);
  }
  const { root = "", path: literal = "", query = "" } = found;
  const kind = found.kind === "s3" ? "s3" : "azure";
  // A secret key can contain "/", so that "@" is behind the bucket.
  if (root.includes("@") || (root.includes(":") && literal.includes("@"))) throw new StoreUrlError(NO_SECRETS);
  const what = kind === "s3" ? "bucket" : "container";
  if (root === "") throw new StoreUrlError(`the URL names no ${what}; ${EXPECTED}`);
  if (!ROOT.test(root)) throw new StoreUrlError(`the name of the ${what} in the URL has not 3 to 63 ${ROOT_FORM}`);
  const path = literal.replace(/\/$/, "");
  if (path !== "") checkKey(path);
  const given = readParameters(kind, query);
  const common = { path, query, address: `${kind}://${root}${path === "" ? "" : `/${path}`}` };
  const endpoint = given.endpoint === undefined ? null : checkEndpoint(given.endpoint);
  if (kind === "azure") {
    const account = checkParameter("account", given.account, ACCOUNT);
    return { kind, container: root, ...common, endpoint, account };
  }
  const region = checkParameter("region", given.region, REGION);
  const pathStyle = checkParameter("path_style", given.path_style, YES_NO);
  return {
    ...{ kind, bucket: root, ...common, endpoint, region },
    isPathStyle: pathStyle === null ? endpoint !== null : pathStyle === "true",
  };
}

function folderLocation(rest: string): FolderLocation {
  const folder = rest.startsWith("//") ? rest.slice(2) : rest;
  if (folder === "" || folder.includes("\0")) throw new StoreUrlError(`file: needs a folder; ${EXPECTED}`);
  return { kind: "file", folder, path: "", query: "", address: `file:${folder}` };
}

function readParameters(kind: "s3" | "azure", query: string): Readonly<Record<string, string | undefined>> {
  const known: readonly string[] = PARAMETERS[kind];
  const given: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    // The name of an unknown parameter can be a secret too, for example of a URL that was cut.
    if (!known.includes(name))
      throw new StoreUrlError(`the URL has a parameter that is not one of ${known.join(", ")}; ${NO_SECRETS}`);
    if (name in given) throw new StoreUrlError(`the URL has the parameter ${name} twice`);
    given[name] = value;
  }
  return given;
}

function checkParameter(
  name: string,
  value: string | undefined,
  { pattern, expected }: { readonly pattern: RegExp; readonly expected: string },
): string | null {
  if (value === undefined) return null;
  if (!pattern.test(value)) throw new StoreUrlError(`the parameter ${name} of the URL is not ${expected}`);
  return value;
}

function checkEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new StoreUrlError("the parameter endpoint of the URL is not a URL that starts with http: or https:");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new StoreUrlError(NO_SECRETS);
  return text.replace(/\/+$/, "");
}

/** Returns the URL of a key below a location. */
export function urlBelow({ address, query }: Pick<StoreLocation, "address" | "query">, key: string): string {
  return `${address}/${key}${query}`;
}
