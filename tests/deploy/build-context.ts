import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

/**
 * Returns the files of a checkout that an image build sees: those that git knows, without those that
 * .dockerignore excludes. Paths have slashes.
 */
export function readBuildContext(root: string): string[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const rules = readFileSync(path.join(root, ".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  return listed.split("\n").filter((file) => file !== "" && !isIgnored(file, rules));
}

/**
 * Whether .dockerignore excludes a path. The last rule that matches the path, or a folder above it, decides.
 */
export function isIgnored(file: string, rules: readonly string[]): boolean {
  const parts = file.split("/");
  const paths = parts.map((_, i) => parts.slice(0, i + 1).join("/"));
  return rules.reduce((ignored, rule) => {
    const pattern = rule.replace(/^!/, "");
    return paths.some((candidate) => path.matchesGlob(candidate, pattern)) ? !rule.startsWith("!") : ignored;
  }, false);
}

/**
 * Returns the files that one source of a COPY names: one file, all files of a folder, or those that match a
 * pattern.
 */
export function filesOf(source: string, context: readonly string[]): string[] {
  return context.filter((file) => file.startsWith(`${source}/`) || path.matchesGlob(file, source));
}
