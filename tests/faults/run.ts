// `npm run faults [-- --quick] [name …]`: injects failures into servers that it starts on the loopback, and
// checks the outcome against bounds. The last line on stdout is one JSON object, as for a benchmark. Exit
// code: 1 when a bound is missed, 2 for a wrong flag or name.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { readCommandLine } from "../../scripts/command-line.ts";
import { createRunFolder } from "../../scripts/run-folder.ts";
import { ABOUT } from "./scenario-names.ts";

readCommandLine({
  command: "npm run faults",
  about:
    "Injects failures into servers that it starts on the loopback, and checks the outcome against bounds. Without a name it runs all scenarios, one after the other.",
  flags: { quick: "shortens the long scenarios; the bounds stay the same" },
  names: ABOUT,
  examples: ["", "--quick", "--quick frozen floods"],
  exitCodes: "1 when a bound is missed",
});
// The scenarios run in a child: all that it starts has the folder as TMPDIR, so that it can be found and ended when a
// scenario or this process is killed.
const folder = createRunFolder();
const child = spawn(process.execPath, [path.join(import.meta.dirname, "run-scenarios.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, TMPDIR: folder.path },
});
const [code] = await once(child, "exit");
for (const name of await folder.close()) console.error(`left behind: ${name}`);
process.exit(code ?? 1);
