// `npm run test:docs`: runs the commands of README and of all other pages as they are written, in a copy of
// the checkout, while `npm start` runs. It lists blocks below `<!-- not run: REASON -->` with their reason.
import { existsSync } from "node:fs";
import path from "node:path";
import { readCommandLine } from "../../scripts/command-line.ts";
import { type Block, consoleCommands, findPages, ROOT, RUN, readBlocks } from "./blocks.ts";
import { differenceFrom } from "./compare-output.ts";
import { choosePorts } from "./free-ports.ts";
import { npmStart } from "./npm-start.ts";
import { makeScratchCopy } from "./scratch-copy.ts";
import { type Ended, openShell, runCommands, runPython, type Shell } from "./shell.ts";

const { flags } = readCommandLine({
  command: "npm run test:docs",
  about:
    "Runs the commands of README and all other pages in a copy of the checkout, and compares what they print with the pages.",
  flags: { list: "lists which blocks would run and which would not, and runs nothing" },
  examples: ["", "--list"],
  exitCodes: "1 when a command fails or prints other output than its page shows",
});

/** How a block ended, and how its output differs from the page (null: not at all). */
interface Outcome {
  readonly ended: Ended;
  readonly difference: string | null;
}

/** Folder with the real data sets, which the repository does not contain; undefined when it is absent. */
const data = [process.env.DATA, path.resolve(ROOT, "../shared/data"), path.resolve(ROOT, "../../shared/data")].find(
  (folder) => folder && existsSync(folder),
);
const blocks = findPages()
  .flatMap(readBlocks)
  .filter(({ language }) => RUN.some((run) => run === language));
if (flags.list)
  for (const block of blocks)
    console.log(`${notRunBecause(block) === null ? "run    " : "not run"}  ${placeOf(block)}`);
else await runAll();

async function runAll(): Promise<void> {
  const started = performance.now();
  const ports = await choosePorts();
  await using copy = await makeScratchCopy();
  const shell = openShell(copy.path, ports, { DATA: data });
  await using _mesh = await npmStart(shell);
  console.log(`npm start is ready after ${secondsSince(started)}`);
  const counts = { run: 0, failed: 0, notRun: 0 };
  let previous: Ended = { code: 0, stdout: "", stderr: "" };
  for (const block of blocks) {
    const reason = notRunBecause(block);
    if (reason !== null) {
      counts.notRun++;
      console.log(`not run  ${placeOf(block)}  (${reason})`);
      continue;
    }
    const begun = performance.now();
    const { ended, difference } = await runBlock(block, shell, previous);
    previous = ended;
    counts.run++;
    console.log(`${difference === null ? "ok     " : "FAILED "}  ${placeOf(block)}  ${secondsSince(begun)}`);
    if (difference === null) continue;
    counts.failed++;
    console.log(`${difference}\n--- printed\n${ended.stdout}${ended.stderr}---`);
  }
  const { run, failed, notRun } = counts;
  console.log(
    `commands of the pages: ${run} blocks run, ${failed} failed, ${notRun} not run; ${secondsSince(started)}`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}

function notRunBecause({ notRun, needs, language }: Block): string | null {
  if (notRun !== null) return notRun;
  if (needs === "DATA" && data === undefined) return "needs DATA, a folder with the real data sets";
  return language === "python" && !isInstalled("python3") ? "needs python3" : null;
}

/** Runs a block. A console block without a command shows the output of the block before it. */
async function runBlock({ language, text }: Block, shell: Shell, previous: Ended): Promise<Outcome> {
  if (language === "python") return exitCodeOf(await runPython(shell, text));
  if (language !== "console") return exitCodeOf(await runCommands(shell, text));
  if (!text.startsWith("$ "))
    return { ended: previous, difference: differenceFrom(shell.translate(text), previous.stdout) };
  let ended = previous;
  for (const { command, output } of consoleCommands(text)) {
    ended = await runCommands(shell, command);
    const difference =
      exitCodeOf(ended).difference ?? (output === "" ? null : differenceFrom(shell.translate(output), ended.stdout));
    if (difference !== null) return { ended, difference: `$ ${command}\n${difference}` };
  }
  return { ended, difference: null };
}

function exitCodeOf(ended: Ended): Outcome {
  return { ended, difference: ended.code === 0 ? null : `exit code ${ended.code}` };
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? "").split(":").some((folder) => existsSync(path.join(folder, program)));
}

function placeOf({ page, line, text }: Block): string {
  return `${page}:${line}  ${(text.split("\n")[0] ?? "").slice(0, 70)}`;
}

function secondsSince(begun: number): string {
  return `${((performance.now() - begun) / 1000).toFixed(1)} s`;
}
