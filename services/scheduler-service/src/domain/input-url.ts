import { isStoreUrl, parseStoreUrl, type StoreLocation, urlBelow } from "@bellwether/object-store/location/store-url";
import { InputNotFoundError } from "./scheduler-error.ts";

/** Where weekly inputs are, as configured. */
export interface InputPlaces {
  /** Path or URL of the folder of the inputs. */
  readonly inputFolder: string;
  /** Path or URL of the input of a run that names none; {week} and {date} may be in it. */
  readonly input: string;
}

/**
 * Returns the URL of an input in an object store. Null: `named` is a path. A URL must be below the configured folder, or below the
 * folder of the configured input, and has the parameters of the configuration: a caller can name neither another bucket nor another
 * endpoint.
 * @param named path, key or URL @throws InputNotFoundError when the URL is elsewhere, StoreUrlError, ObjectKeyError
 */
export function inputUrlOf(named: string, places: InputPlaces): string | null {
  const folder = isStoreUrl(places.inputFolder) ? parseStoreUrl(places.inputFolder) : null;
  if (!isStoreUrl(named)) return folder === null ? null : urlOfKey(folder, named);
  const wanted = parseStoreUrl(named);
  const roots = [folder, isStoreUrl(places.input) ? rootOf(parseStoreUrl(places.input)) : null];
  const root = roots.find((place) => place !== null && isBelow(wanted, place));
  if (!root) throw new InputNotFoundError(wanted.address);
  const isFolder = (named.split("?", 1)[0] ?? "").endsWith("/");
  return `${wanted.address}${isFolder ? "/" : ""}${root.query}`;
}

function urlOfKey(folder: StoreLocation, key: string): string {
  if (key === "" || key === ".") return `${folder.address}/${folder.query}`;
  const url = urlBelow(folder, key);
  parseStoreUrl(url);
  return url;
}

/** The folder of an input: its key up to the last "/" before the first placeholder. */
function rootOf(input: StoreLocation): StoreLocation {
  const fixed = input.path.split("{", 1)[0] ?? "";
  const path = fixed.slice(0, Math.max(0, fixed.lastIndexOf("/")));
  const bucket = input.path === "" ? input.address : input.address.slice(0, -(input.path.length + 1));
  return { ...input, path, address: path === "" ? bucket : `${bucket}/${path}` };
}

const bucketOf = (location: StoreLocation): string =>
  location.kind === "s3" ? location.bucket : location.kind === "azure" ? location.container : location.folder;

function isBelow(wanted: StoreLocation, root: StoreLocation): boolean {
  if (wanted.kind !== root.kind || bucketOf(wanted) !== bucketOf(root)) return false;
  if (wanted.query !== "" && wanted.query !== root.query) return false;
  return root.path === "" || wanted.path === root.path || wanted.path.startsWith(`${root.path}/`);
}
