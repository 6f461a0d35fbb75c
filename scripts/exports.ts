// Writes `exports` of each package.json under services/: exactly the paths that are imported from outside of
// the package. What a package makes public is a decision: look at the difference before you commit it.
import { readFileSync, writeFileSync } from "node:fs";
import { readPackageExports } from "./package-exports.ts";

for (const { file, declared, imported } of readPackageExports(process.cwd())) {
  const content = JSON.parse(readFileSync(file, "utf8"));
  if (JSON.stringify(declared) === JSON.stringify(imported)) continue;
  writeFileSync(file, `${JSON.stringify({ ...content, exports: imported }, null, 2)}\n`);
  console.log(`${file}: ${Object.keys(imported).length} files are public`);
}
