import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { COMPILE_CACHE } from "@bellwether/testing/compile-cache";

/**
 * Maximum number of files in the cache, some 120 MB. A run adds about a thousand that no later run reads: the runner loads each test
 * file under an address with the time.
 */
const MAX_FILES = 20_000;

/** Removes the compiled code of earlier runs when there is too much of it. */
export function trimCompileCache(): void {
  if (!existsSync(COMPILE_CACHE)) return;
  const files = readdirSync(COMPILE_CACHE).map((version) => readdirSync(path.join(COMPILE_CACHE, version)).length);
  if (files.reduce((sum, count) => sum + count, 0) > MAX_FILES) rmSync(COMPILE_CACHE, { recursive: true, force: true });
}
