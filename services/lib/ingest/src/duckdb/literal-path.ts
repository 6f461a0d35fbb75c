import { randomUUID } from "node:crypto";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Workspace } from "./workspace.ts";

/** Characters of a file name that DuckDB reads as a pattern. */
const PATTERN = /[*?[\]]/;

/**
 * Returns a path of the file at `path` that DuckDB does not read as a pattern: of `week*.csv` it would read every
 * file that matches. The path is a link in the workspace's folder where the name has such characters.
 */
export async function literalPath(workspace: Pick<Workspace, "folder">, path: string): Promise<string> {
  if (!PATTERN.test(path)) return path;
  const link = join(workspace.folder, `file-${randomUUID()}`);
  await symlink(path, link);
  return link;
}
