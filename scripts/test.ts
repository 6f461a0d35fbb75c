// Runs the suite and prints one line with the counts at the end. With CI=true, a skipped test fails the run.
import { printing } from "./run-command.ts";
import { createRunFolder } from "./run-folder.ts";
import { countsLine, runSuite } from "./run-suite.ts";
import { trimCompileCache } from "./trim-compile-cache.ts";

trimCompileCache();
const folder = createRunFolder();
const suite = await runSuite(process.argv.slice(2), printing({ ...process.env, TMPDIR: folder.path }));
const left = await folder.close();
for (const name of left) console.log(`left behind: ${name}`);
for (const title of suite.failed) console.log(`failed: ${title}`);
console.log(countsLine([suite]));
process.exit(suite.holds && left.length === 0 ? 0 : 1);
