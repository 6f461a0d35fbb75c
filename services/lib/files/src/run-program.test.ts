import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { ProgramError, runProgram } from "./run-program.ts";

const node = (script: string, signal?: AbortSignal) => runProgram(process.execPath, ["-e", script], {}, signal);

it("runs a program outside the process group of its caller", async () => {
  // The id of a process group is the id of its first process; the program sends a signal to its own group.
  await node(
    'process.once("SIGWINCH", () => process.exit(0)); process.kill(-process.pid, "SIGWINCH"); setInterval(() => {}, 1e5)',
  );
});

it("rejects with what the program wrote to stderr, or with its exit code", async () => {
  await expect(node('console.error("no room"); process.exitCode = 3')).rejects.toThrow(new ProgramError("no room"));
  await expect(node("process.exitCode = 3")).rejects.toThrow(/^node\S* ended with exit code 3$/);
});

it("ends the program and its children when the signal is aborted, and rejects with its reason", async () => {
  const stopping = new AbortController();
  const script = `
    const child = require("node:child_process").spawn("sleep", ["1000"], { stdio: "inherit" });
    child.on("spawn", () => require("node:fs").writeSync(2, String(child.pid)));`;
  const ended = node(script, stopping.signal);
  await pause(0);
  stopping.abort(new Error("stopped"));
  // The call waits for the end of stderr, which the child would keep open for 1000 s.
  await expect(ended).rejects.toThrow("stopped");
  await expect(node("", stopping.signal)).rejects.toThrow("stopped");
});
