import { globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * Writes the files of the contract into a folder. Proto files of an earlier export that the contract no longer has are
 * removed, because they would still be compiled.
 */
export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const name of globSync("{bellwether,google/rpc}/**/*.proto", { cwd: folder })) rmSync(path.join(folder, name));
  for (const [name, text] of files) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}
