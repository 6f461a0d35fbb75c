import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

const FIXTURE = fileURLToPath(new URL("../../test/run-until-stopped-fixture.ts", import.meta.url));

/** A service of nothing in a process of its own. */
function start(mode: string) {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(process.execPath, [FIXTURE, mode], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (text) => {
    output += text;
  });
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const ended = once(child, "close").then(([code, signal]) => ({
    code,
    signal,
    lines: output.trim().split("\n"),
    errors,
  }));
  return { child, ended, says: (line: string) => expect.poll(() => output, { timeout: 30_000 }).toContain(line) };
}

it("stops once for SIGINT and SIGTERM together, and ends with 0", async () => {
  const { child, ended, says } = start("serves");
  await says("serving");
  child.kill("SIGINT");
  await says("stopped");
  child.kill("SIGTERM");
  child.kill("SIGINT");
  expect(await ended).toMatchObject({
    code: 0,
    lines: ["opened database", "serving", "stopped 1", "closed database"],
    errors: "",
  });
});

it("stops what has begun when a signal comes while it starts, and ends with 0", async () => {
  const { child, ended, says } = start("slow");
  await says("opened database");
  child.kill("SIGTERM");
  child.kill("SIGINT");
  child.stdin.write("go on\n");
  expect(await ended).toMatchObject({
    code: 0,
    lines: ["opened database", "serving", "stopped 1", "closed database"],
    errors: "",
  });
});

it("closes what a start that breaks half-way has opened, and ends with 1 and one line", async () => {
  expect(await start("breaks").ended).toEqual({
    code: 1,
    signal: null,
    lines: ["opened database", "closed database"],
    errors: "cannot listen on 127.0.0.1:1\n",
  });
});
