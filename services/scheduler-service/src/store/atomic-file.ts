import path from "node:path";
import { makeFolder } from "@bellwether/files/data-folder";
import { type FileContent, replaceFile } from "@bellwether/files/durable-write";

/** Replaces a file atomically, or creates it and the folders above it. */
export async function writeWhole(file: string, content: FileContent): Promise<void> {
  await makeFolder(path.dirname(file));
  await replaceFile(file, content);
}
