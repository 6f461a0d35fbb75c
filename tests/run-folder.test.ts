import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { firstLine, runNode, spawnScript } from "@bellwether/testing/node-process";
import { afterEach, beforeEach, expect, test } from "vitest";

const SOURCE = JSON.stringify(path.resolve(import.meta.dirname, "../scripts/run-folder.ts"));
/** Starts a process that belongs to the run and does not end by itself, prints its id and the folder, and waits. */
const RUN = `
  import { spawn } from "node:child_process";
  const { createRunFolder } = await import(${SOURCE});
  const folder = createRunFolder();
  const env = { ...process.env, TMPDIR: folder.path };
  const left = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { env, stdio: "ignore", detached: true });
  console.log(left.pid + " " + folder.path);
  setInterval(() => {}, 1000);`;

let tmp = "";
beforeEach(() => {
  tmp = mkdtempSync(path.join(os.tmpdir(), "run-folder-"));
});
afterEach(() => rmSync(tmp, { recursive: true, force: true }));

const startRun = async (launcher: readonly string[] = [], more: NodeJS.ProcessEnv = {}) => {
  const run = spawnScript(RUN, { env: { ...process.env, ...more, TMPDIR: tmp }, stdout: "pipe", launcher, ipc: false });
  const [pid = "", folder = ""] = (await firstLine(run, "the run")).split(" ");
  return { run, pid: Number(pid), folder };
};

async function endOf(pid: number): Promise<void> {
  for (const endMs = performance.now() + 60_000; performance.now() < endMs; await delay(50)) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
  }
  throw new Error(`process ${pid} did not end`);
}

test("the next run ends the processes and removes the folder of a run that was killed", async () => {
  await using second = await startRun().then(({ run }) => run);
  const [ofSecond = ""] = readdirSync(tmp);
  const { run, pid, folder } = await startRun();
  await run.end("SIGKILL");
  process.kill(pid, 0);
  const { code } = await runNode("-e", {
    execArgv: ["--input-type=module"],
    args: [`const { createRunFolder } = await import(${SOURCE}); await createRunFolder().close();`],
    env: { ...process.env, TMPDIR: tmp },
  });
  expect(code).toBe(0);
  await endOf(pid);
  expect(existsSync(folder)).toBe(false);
  // The folder of a run that is in progress stays.
  expect(readdirSync(tmp)).toEqual([ofSecond]);
  await second.end("SIGTERM");
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends the processes of the run and removes its folder", async (signal) => {
  const { run, pid, folder } = await startRun();
  await run.end(signal);
  await endOf(pid);
  expect(existsSync(folder)).toBe(false);
});

test("the end of the shell in which npm started the run ends it too", async () => {
  // As `sh -c` of npm: the shell stays as the parent, and does not forward its signal.
  const shell = ["sh", "-c", '"$0" "$@" & wait'];
  const { run, pid, folder } = await startRun(shell, { npm_lifecycle_event: "faults" });
  await run.end("SIGKILL");
  await endOf(pid);
  await expect.poll(() => existsSync(folder), { timeout: 60_000 }).toBe(false);
});
