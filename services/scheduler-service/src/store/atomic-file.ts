import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { makeFolder } from "@bellwether/files/data-folder";

/** Writes parts to a file that appears under its name whole, on the disk, or not at all; replaces an older one. */
export async function writeWhole(file: string, parts: AsyncIterable<string> | Iterable<string>): Promise<void> {
  await makeFolder(path.dirname(file));
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}.partial`);
  try {
    await using handle = await open(draft, "wx", 0o644);
    for await (const part of parts) await handle.appendFile(part);
    await handle.sync();
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}
