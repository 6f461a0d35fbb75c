#!/usr/bin/env node
// Runs the CLI on the Node that npm ci installed, whatever Node the machine has.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("./src/main.ts", import.meta.url));
const [major, minor] = process.versions.node.split(".").map(Number);
// Until 24.15, Node warns of its SQLite, which holds the locks, in every command's output.
if (major > 24 || (major === 24 && minor >= 15)) {
  await import(main);
} else {
  const installed = path.join(path.dirname(createRequire(import.meta.url).resolve("node/package.json")), "bin", "node");
  if (!existsSync(installed)) {
    console.error(
      `Bellwether runs on Node 24.15 or later; this is ${process.version}. Run npm ci, which brings Node 24 along.`,
    );
    process.exit(1);
  }
  const child = spawn(installed, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}
