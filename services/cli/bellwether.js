#!/usr/bin/env node
// Runs the CLI with the Node version that npm ci installed, if the machine's own Node is too old.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import module from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Process ids of the parent and of its parent. npm starts a shell, which starts this process. When npm is killed, the shell
 * remains, and its parent changes.
 */
const starters = () => {
  try {
    return `${process.ppid} ${/\) \S (\d+)/.exec(readFileSync(`/proc/${process.ppid}/stat`, "utf8"))?.[1]}`;
  } catch {
    return String(process.ppid);
  }
};
const startedBy = starters();

/**
 * Returns a package of package-lock.json that is not installed in that version, or undefined. Lock files that cannot be
 * read say nothing: the packages may be installed in another way.
 */
const missingPackage = () => {
  try {
    const packagesOf = (file) => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8")).packages;
    const installed = packagesOf("node_modules/.package-lock.json");
    return Object.entries(packagesOf("package-lock.json")).find(
      ([name, { version, dev, optional, devOptional, peer }]) =>
        name.startsWith("node_modules/") &&
        !(dev || optional || devOptional || peer) &&
        (!installed[name] || installed[name].version !== version),
    )?.[0];
  } catch {
    return undefined;
  }
};

// Services load their packages in their own processes, which would each end with a stack trace.
const missing = process.argv[2] === "start" ? missingPackage() : undefined;
if (missing !== undefined) {
  console.error(`bellwether: ${missing} is not the one of package-lock.json: run npm ci`);
  process.exit(1);
}

const [major, minor] = process.versions.node.split(".").map(Number);
// Before 24.15, Node prints a warning about its SQLite module, which the process locks use, in the output of every command.
if (major > 24 || (major === 24 && minor >= 15)) {
  // With the compile cache, commands after the first one load in two thirds of the time.
  module.enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/bellwether", import.meta.url)));
  // npm may end while the program loads.
  process.env.BELLWETHER_STARTED_BY = startedBy;
  await import("./src/main.ts");
} else {
  const installed = path.join(
    path.dirname(module.createRequire(import.meta.url).resolve("node/package.json")),
    "bin",
    "node",
  );
  if (!existsSync(installed)) {
    console.error(
      `Bellwether needs Node 24.15 or later; this is ${process.version}. Run npm ci, which installs Node 24.`,
    );
    process.exit(1);
  }
  const env = { ...process.env, BELLWETHER_LAUNCHED: String(process.pid) };
  const child = spawn(installed, process.argv.slice(1), { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event) {
    // When npm is killed, this process must stop too.
    setInterval(() => starters() === startedBy || child.kill("SIGTERM"), 500).unref();
  }
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}
