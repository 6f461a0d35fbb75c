// Installs the system packages that some tests need, where it may, and runs all tests.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { countsLine, runSuite } from "./run-suite.ts";

/** A program that tests need, and the Debian package that contains it. */
const WANTED = [
  { program: "redis-server", package: "redis-server" },
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
const suites = [runSuite(process.argv.slice(2)), runSuite(["--config", "tests/dashboard/vitest.config.ts"])];
const pages = run("node", "tests/docs/run.ts");
const clients = run("node", "tests/interop/run.ts");
console.log(
  `${countsLine(suites)}; commands of the pages: ${pages ? "passed" : "failed"}; clients in other languages: ${clients ? "passed" : "failed"}`,
);
process.exit(pages && clients && suites.every(({ holds }) => holds) ? 0 : 1);
