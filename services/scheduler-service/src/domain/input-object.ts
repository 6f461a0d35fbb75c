import { parseStoreUrl } from "@bellwether/object-store/location/store-url";

/** An object of an object store that a weekly run reads. */
export interface InputObject {
  /** Key in its bucket or container. */
  readonly key: string;
  /** Entity tag with which it was read. */
  readonly etag: string;
  /** Size, bytes. */
  readonly bytes: number;
}

/** Whether two lists have the same objects with the same contents. */
export function hasSameObjects(a: readonly InputObject[], b: readonly InputObject[]): boolean {
  const [first, second] = [a, b].map((objects) =>
    objects.map(({ key, etag, bytes }) => `${key}\0${etag}\0${bytes}`).sort(),
  );
  return JSON.stringify(first) === JSON.stringify(second);
}

/** Returns the URL of an object, without parameters. @param input URL of the input to which it belongs @throws StoreUrlError */
export function objectUrl(input: string, { key }: Pick<InputObject, "key">): string {
  const { address, path } = parseStoreUrl(input);
  const root = path === "" ? address : address.slice(0, -(path.length + 1));
  return `${root}/${key}`;
}

/** Looks at inputs in object stores. Both throw InputNotFoundError, InputUnavailableError, InputRejectedError. */
export interface InputLooks {
  /** Finds the objects of an input; none of a path. */
  look(input: string, signal?: AbortSignal): Promise<readonly InputObject[]>;
  /**
   * Returns why no marker says that the input is whole; "" when one does: an object with the name of the input and `.done` behind it, or
   * `_SUCCESS` in a folder, that is not older than the objects.
   */
  missingMarker(input: string, signal?: AbortSignal): Promise<string>;
}
