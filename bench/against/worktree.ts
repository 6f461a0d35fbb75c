import { execFileSync } from "node:child_process";
import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");
/** Folder of the checkouts of measured commits. They are kept and used again. */
const FOLDER = path.join(ROOT, ".bellwether", "bench");
/** Marker file, written after a successful `npm ci`. A checkout without it is made again. */
const READY = "node_modules/.bench-ready";

/** A commit that is checked out and installed. */
export interface Checkout {
  readonly commit: string;
  readonly path: string;
  /** Whether `bench/own` was copied into the checkout, because the commit is older than that folder. */
  readonly copied: boolean;
}

const git = (...args: string[]): string => execFileSync("git", ["-C", ROOT, ...args], { encoding: "utf8" }).trim();

/** Returns the full hash of a commit; undefined when the commit does not exist. */
export function findCommit(name: string): string | undefined {
  try {
    return git("rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`);
  } catch {
    return undefined;
  }
}

/** Whether files differ from the last commit. Such changes are not measured. */
export const hasChanges = (): boolean => git("status", "--porcelain") !== "";

/**
 * Checks out a commit in its own folder and runs `npm ci` there. A finished checkout is used again.
 * @throws Error when the commit does not exist
 */
export function checkOut(name: string, log: (line: string) => void): Checkout {
  const commit = findCommit(name);
  if (commit === undefined) throw new Error(`there is no commit ${name} in this repository`);
  const folder = path.join(FOLDER, commit);
  if (!existsSync(path.join(folder, READY))) {
    log(`${commit.slice(0, 9)}: git worktree add, npm ci`);
    rmSync(folder, { recursive: true, force: true });
    git("worktree", "prune");
    git("worktree", "add", "--detach", "--quiet", folder, commit);
    execFileSync("npm", ["ci", "--silent"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    writeFileSync(path.join(folder, READY), "");
  }
  const copied = git("ls-tree", "--name-only", commit, "bench/own") === "";
  if (copied) cpSync(path.join(ROOT, "bench/own"), path.join(folder, "bench/own"), { recursive: true });
  return { commit, path: folder, copied };
}
