import { execFileSync } from "node:child_process";
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readlink, rm, symlink } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buildPage } from "@bellwether/cli/launch/build-page";
import { ROOT } from "./blocks.ts";

/** A copy of the checkout in which commands may write anything. */
export interface ScratchCopy extends AsyncDisposable {
  readonly path: string;
}

/**
 * Copies the files that git tracks or would add and the built page, and creates a node_modules folder for the copy. Outside
 * packages in it are links to the installed ones; links to workspaces lead into the copy.
 */
export async function makeScratchCopy(): Promise<ScratchCopy> {
  const copy = await mkdtemp(path.join(os.tmpdir(), "bellwether-docs-"));
  const remove = () => rm(copy, { recursive: true, force: true });
  try {
    // The embedded database runs as another user, who must be able to enter the folder.
    await chmod(copy, 0o755);
    for (const file of checkoutFiles()) {
      await mkdir(path.dirname(path.join(copy, file)), { recursive: true });
      await copyFile(path.join(ROOT, file), path.join(copy, file));
    }
    const page = await buildPage(ROOT, process.env, new AbortController().signal);
    // It is copied last: a page that is newer than its sources is not built again.
    if (page !== null) await cp(page, path.join(copy, path.relative(ROOT, page)), { recursive: true });
    await linkPackages(path.join(ROOT, "node_modules"), path.join(copy, "node_modules"));
  } catch (error) {
    await remove();
    throw error;
  }
  return { path: copy, [Symbol.asyncDispose]: remove };
}

function checkoutFiles(): string[] {
  const list = (...args: string[]) =>
    execFileSync("git", ["ls-files", "-z", ...args], { cwd: ROOT, encoding: "utf8" }).split("\0");
  const deleted = new Set(list("--deleted"));
  return list("--cached", "--others", "--exclude-standard").filter((file) => file !== "" && !deleted.has(file));
}

/** npm's own links (workspaces, commands) are relative, so a plain copy of them leads into the copy. */
async function linkPackages(installed: string, folder: string): Promise<void> {
  await mkdir(folder);
  for (const entry of await readdir(installed, { withFileTypes: true })) {
    const [from, to] = [path.join(installed, entry.name), path.join(folder, entry.name)];
    if (entry.isSymbolicLink()) await symlink(await readlink(from), to);
    else if (entry.name === ".bin" || entry.name.startsWith("@")) await linkPackages(from, to);
    else if (!entry.name.startsWith(".")) await symlink(from, to);
  }
}
