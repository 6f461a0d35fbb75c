// Installs the system packages that some tests need (only as root, and only with apt-get), then runs all tests.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { buildPage } from "@bellwether/cli/launch/build-page";
import { inOnePiece, printing, runCommand } from "./run-command.ts";
import { createRunFolder } from "./run-folder.ts";
import { countsLine, runSuite } from "./run-suite.ts";
import { trimCompileCache } from "./trim-compile-cache.ts";

/** A program that tests need, and the Debian package that contains it. */
const WANTED = [
  { program: "redis-server", package: "redis-server" },
  { program: "pgbouncer", package: "pgbouncer" },
  { program: "chromium", package: "chromium" },
  { program: "strace", package: "strace" },
  { program: "jq", package: "jq" },
] as const;

const isInstalled = (program: string): boolean =>
  ["/usr/bin", "/usr/local/bin", "/usr/sbin"].some((folder) => existsSync(`${folder}/${program}`));
const run = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: "inherit" }).status === 0;

const missing = WANTED.filter(({ program }) => !isInstalled(program)).map((wanted) => wanted.package);
if (missing.length > 0) {
  const mayInstall = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (!mayInstall)
    console.log(
      `not installed: ${missing.join(", ")}; on Debian or Ubuntu: sudo apt-get install -y ${missing.join(" ")}`,
    );
  else {
    process.env.DEBIAN_FRONTEND = "noninteractive";
    run("apt-get", "update", "-qq");
    if (!run("apt-get", "install", "-y", "-qq", "--no-install-recommends", ...missing))
      console.log(`apt-get could not install ${missing.join(", ")}`);
  }
}
trimCompileCache();
// Without it, each of the first tests that start everything would build the page. They say why it cannot be built.
await buildPage(process.cwd(), process.env, new AbortController().signal).catch(() => null);
const folder = createRunFolder();
const env = { ...process.env, TMPDIR: folder.path };
const output = printing(env);
/** Runs a script and returns whether it succeeded. */
const script = (file: string): Promise<boolean> =>
  inOnePiece(output, async (own) => (await runCommand("node", [file], own)) === 0);
// The main suite uses all cores, and browser tests and client tests have time limits, which they exceed on a busy machine. A browser
// and a client use one core each.
const main = await runSuite(process.argv.slice(2), output);
const [browser, { pages, clients }] = await Promise.all([
  runSuite(["--config", "tests/dashboard/vitest.config.ts"], output),
  (async () => ({ pages: await script("tests/docs/run.ts"), clients: await script("tests/interop/run.ts") }))(),
]);
const suites = [main, browser];
const left = await folder.close();
for (const name of left) console.log(`left behind: ${name}`);
for (const title of suites.flatMap(({ failed }) => failed)) console.log(`failed: ${title}`);
console.log(
  `${countsLine(suites)}; commands of the pages: ${pages ? "passed" : "failed"}; clients in other languages: ${clients ? "passed" : "failed"}`,
);
process.exit(pages && clients && left.length === 0 && suites.every(({ holds }) => holds) ? 0 : 1);
