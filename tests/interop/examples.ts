import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { chromium } from "playwright-core";
import { type Block, ROOT, readBlocks } from "../docs/blocks.ts";
import { choosePorts } from "../docs/free-ports.ts";
import { npmStart } from "../docs/npm-start.ts";
import { makeScratchCopy } from "../docs/scratch-copy.ts";
import { openShell, runCommands, type Shell } from "../docs/shell.ts";
import { CHROMIUM, FLAGS } from "./browser/client.ts";

const PAGE = "docs/clients.md";
/** Mark of the blocks of the page that this file runs. */
const MARK = "run by npm run test:interop";
/** Limit of one block: the first build of a language downloads its packages. */
const TIMEOUT_MS = 900_000;
const PAGE_PORT = 5173;

/** Runs the page of streamlit without its server, in the environment that the commands of the section "Python" made. */
const STREAMLIT = `.venv-example/bin/pip install -q streamlit==1.67.0
.venv-example/bin/python tests/interop/python/streamlit_page.py`;

/** A section of the page with commands. */
interface Section {
  readonly name: string;
  readonly blocks: readonly Block[];
}

/** Programs that the commands of a section need, and whether its build takes minutes. */
const NEEDS: Readonly<Record<string, { readonly programs: readonly string[]; readonly nightly?: true }>> = {
  Python: { programs: ["python3"] },
  "TypeScript and JavaScript": { programs: [] },
  Browser: { programs: [CHROMIUM] },
  Go: { programs: ["go"] },
  Java: { programs: ["mvn"], nightly: true },
  Rust: { programs: ["cargo"], nightly: true },
  curl: { programs: ["curl", "jq"] },
  "Another language: the contract as an archive": { programs: ["python3"] },
};

/** Where the results go. */
export interface ExampleResults {
  readonly record: (name: string, failures: readonly string[]) => void;
  readonly skip: (name: string, reason: string) => void;
}

/**
 * Runs the commands of docs/clients.md as they are written, in a copy of the checkout, while `npm start` runs, and
 * compares what the programs print with the page.
 * @param cache folder that keeps the build of Rust between runs
 */
export async function runExamples(nightly: boolean, cache: string, { record, skip }: ExampleResults): Promise<void> {
  const ports = await choosePorts();
  await using copy = await makeScratchCopy();
  const url = (scheme: string, name: string, listener: "WEB" | "GRPC") =>
    `${scheme}localhost:${ports[`${name}_SERVICE_${listener}_PORT`]}`;
  const shell = openShell(copy.path, ports, {
    ...ownEnvironment(),
    ...Object.fromEntries(
      ["ML", "OPS", "SCHEDULER"].flatMap((name) => [
        [`${name}_URL`, url("http://", name, "WEB")],
        [`${name}_GRPC`, url("", name, "GRPC")],
      ]),
    ),
    BELLWETHER_WEB_ORIGINS: `http://localhost:${PAGE_PORT}`,
    CARGO_TARGET_DIR: path.join(cache, "examples-rust"),
  });
  await using _mesh = await npmStart(shell);
  const expected = expectedLines();
  for (const { name, blocks } of readSections()) {
    const label = `example: ${name}`;
    const needs = NEEDS[name];
    if (needs === undefined) throw new Error(`${PAGE}: the section "${name}" has commands, but no entry in NEEDS`);
    if (needs.nightly && !nightly) continue;
    const missing = needs.programs.filter((program) => !isInstalled(program));
    if (missing.length > 0) skip(label, `${missing.join(", ")} is not installed`);
    else if (name === "Browser") record(label, await runBrowser(blocks, shell, expected));
    else record(label, await runBlocks(blocks, shell, expected));
    if (name === "Python" && nightly && missing.length === 0)
      record("example: streamlit", await runCheck(STREAMLIT, shell));
  }
}

/**
 * Returns the environment of this process without npm's variables and without settings of Bellwether. What package managers
 * need, such as proxies and certificates, is kept.
 */
function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  const hidden = /^(npm_|NODE$|NODE_(?!EXTRA_CA_CERTS$)|INIT_CWD$|PATH$|BELLWETHER_|WEEKLY_|VITEST|CI$)|_SERVICE_/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !hidden.test(name)));
}

/** Returns the marked blocks of the page by section, in order. */
function readSections(): Section[] {
  const lines = readFileSync(path.join(ROOT, PAGE), "utf8").split("\n");
  const sections = new Map<string, Block[]>();
  for (const block of readBlocks(PAGE)) {
    if (block.notRun !== MARK) continue;
    const heading = lines.slice(0, block.line).findLast((line) => line.startsWith("## ")) ?? "## ";
    const name = heading.slice(3);
    sections.set(name, [...(sections.get(name) ?? []), block]);
  }
  return [...sections].map(([name, blocks]) => ({ name, blocks }));
}

/** Returns what the page says that each program prints. Sequence, rows and ids of the last two lines may differ. */
function expectedLines(): RegExp[] {
  const shown =
    readBlocks(PAGE)
      .find(({ language }) => language === "text")
      ?.text.split("\n") ?? [];
  const exact = shown.slice(0, 3).map((line) => new RegExp(`^${line.replaceAll(/[.+]/g, "\\$&")}$`));
  return [
    ...exact,
    /^alerts: [1-9]\d* changed, up to sequence [1-9]\d*$/,
    /^run: \d{4}-W\d\d RUN_STATE_COMPLETE, [1-9]\d* rows, run [1-9]\d*$/,
  ];
}

/** Compares the output of a program with the expected lines. Returns one text per line that differs. */
function differences(output: string, expected: readonly RegExp[]): string[] {
  const lines = stripVTControlCharacters(output).trim().split("\n");
  return expected.flatMap((line, index) => {
    const printed = lines.at(index - expected.length) ?? "";
    return line.test(printed) ? [] : [`printed ${JSON.stringify(printed)}, expected ${line.source}`];
  });
}

async function runBlocks(blocks: readonly Block[], shell: Shell, expected: readonly RegExp[]): Promise<string[]> {
  for (const { text, line } of blocks) {
    const { code, stdout, stderr } = await runCommands(shell, text, TIMEOUT_MS);
    if (code !== 0) return [`${PAGE}:${line}: exit code ${code}`, stdout, stderr];
    const isProgram = /examples\/\w+\/(main|run)|cd examples\//.test(text);
    const found = isProgram ? differences(stdout, expected) : [];
    if (found.length > 0) return [`${PAGE}:${line}`, ...found, stderr];
  }
  return [];
}

async function runCheck(commands: string, shell: Shell): Promise<string[]> {
  const { code, stdout, stderr } = await runCommands(shell, commands, TIMEOUT_MS);
  return code === 0 ? [] : [`exit code ${code}`, stdout, stderr];
}

/** Runs the commands of the page in Chromium. The last command is a server, which is ended after the test. */
async function runBrowser(blocks: readonly Block[], shell: Shell, expected: readonly RegExp[]): Promise<string[]> {
  const commands = blocks.flatMap(({ text }) => text.split("\n"));
  const built = await runCommands(shell, commands.slice(0, -1).join("\n"), TIMEOUT_MS);
  if (built.code !== 0) return [`exit code ${built.code}`, built.stdout, built.stderr];
  const server = spawn("bash", ["-c", commands.at(-1) ?? ""], { ...shell, detached: true, stdio: "ignore" });
  const ended = once(server, "close");
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  try {
    const origin = `http://localhost:${PAGE_PORT}`;
    await untilAnswers(origin);
    const page = await browser.newPage();
    const { ML_URL = "", OPS_URL = "", SCHEDULER_URL = "" } = shell.env;
    await page.goto(`${origin}/?${new URLSearchParams({ ml: ML_URL, ops: OPS_URL, scheduler: SCHEDULER_URL })}`);
    await page.waitForFunction(() => /^(run|failed):/m.test(document.body.innerText), undefined, { timeout: 120_000 });
    return differences(await page.innerText("body"), expected);
  } finally {
    await browser.close();
    if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, "SIGTERM");
    await ended;
  }
}

async function untilAnswers(url: string): Promise<void> {
  for (const end = performance.now() + 60_000; ; await delay(100)) {
    try {
      await fetch(url);
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}

const isInstalled = (program: string): boolean =>
  program.startsWith("/")
    ? existsSync(program)
    : (process.env.PATH ?? "").split(path.delimiter).some((folder) => existsSync(path.join(folder, program)));
