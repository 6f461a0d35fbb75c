// `node scripts/lockfile.ts`: removes entries of package-lock.json that would have wrong effects with the
// Node of the reader. With --check it changes nothing, and exits with 1 when there is something to remove.
//
// - `engines` of dependencies: npm compares them with the Node that runs npm (20 or later) and prints a warning for each of about twenty
//   packages. None of them runs on that Node: `npm ci` installs Node 24, and every command and service runs on that. The package.json files
//   keep their `engines`, so `npm install --package-lock-only` on Node 24 still warns about a package that does not support Node 24.
// - `hasInstallScript` of onnxruntime-node: its script downloads CUDA libraries (about 300 MB) that nothing here uses. npm 11.16 and later
//   does not run it because of `allowScripts` in package.json. Earlier versions run a package's scripts only when the lock file has this mark.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const FILE = path.resolve(import.meta.dirname, "../package-lock.json");

interface LockedPackage {
  engines?: unknown;
  hasInstallScript?: boolean;
}

const text = readFileSync(FILE, "utf8");
const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(text);
for (const [folder, locked] of Object.entries(lock.packages)) {
  if (!folder.includes("node_modules/")) continue;
  delete locked.engines;
  if (folder.endsWith("node_modules/onnxruntime-node")) delete locked.hasInstallScript;
}
const stripped = `${JSON.stringify(lock, null, 2)}\n`;
if (process.argv.includes("--check")) {
  if (stripped !== text) {
    console.error(
      "package-lock.json has `engines` or install scripts that must be removed: run `node scripts/lockfile.ts`",
    );
    process.exitCode = 1;
  }
} else writeFileSync(FILE, stripped);
