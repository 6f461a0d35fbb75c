#!/usr/bin/env node
// Runs the CLI on the Node that npm ci installed, whatever Node the machine has.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import module from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
// Until 24.15, Node warns of its SQLite, which holds the locks, in every command's output.
if (major > 24 || (major === 24 && minor >= 15)) {
  // A third less time to load from the second command on.
  module.enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/bellwether", import.meta.url)));
  await import("./src/main.ts");
} else {
  const installed = path.join(
    path.dirname(module.createRequire(import.meta.url).resolve("node/package.json")),
    "bin",
    "node",
  );
  if (!existsSync(installed)) {
    console.error(
      `Bellwether runs on Node 24.15 or later; this is ${process.version}. Run npm ci, which brings Node 24 along.`,
    );
    process.exit(1);
  }
  const env = { ...process.env, BELLWETHER_LAUNCHED: "1" };
  const child = spawn(installed, process.argv.slice(1), { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event) {
    // npm may be killed: nobody would wait for this process any more, but for the shell between them, whose parent changes then.
    const starters = () => {
      try {
        return `${process.ppid} ${/\) \S (\d+)/.exec(readFileSync(`/proc/${process.ppid}/stat`, "utf8"))?.[1]}`;
      } catch {
        return String(process.ppid);
      }
    };
    const before = starters();
    setInterval(() => starters() === before || child.kill("SIGTERM"), 500).unref();
  }
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}
