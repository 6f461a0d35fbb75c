import { randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { deserialize, serialize } from "node:v8";

/** Variable with the folder in which the processes of one run of the tests share what took long to make. */
export const SHARED_FOLDER = "TEST_SHARED_FOLDER";

/**
 * Returns what another test process of this run has made under the same name, or makes it. Without a shared folder it is always made.
 * @param make its result must survive a structured clone
 */
export async function madeOnce<T>(name: string, make: () => Promise<T>): Promise<T> {
  const folder = process.env[SHARED_FOLDER];
  if (folder === undefined) return make();
  const file = path.join(folder, name);
  const shared = await readFile(file).catch(() => null);
  if (shared !== null) return deserialize(shared);
  const made = await make();
  // Two processes may make the same: the file is complete or not there.
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, serialize(made));
  await rename(draft, file);
  return made;
}
