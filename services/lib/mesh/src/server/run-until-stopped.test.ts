import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { spawnNode } from "@bellwether/testing/node-process";
import { expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

const FIXTURE = fileURLToPath(new URL("../../test/run-until-stopped-fixture.ts", import.meta.url));

/** Runs an empty service in a separate process. */
function start(mode: string) {
  const collected = { stdin: "pipe", stdout: "collect", stderr: "collect", ipc: false } as const;
  const { child, output, errors } = spawnNode(FIXTURE, { args: [mode], ...collected });
  const ended = once(child, "close").then(([code, signal]) => ({
    code,
    signal,
    lines: output().trim().split("\n"),
    errors: errors(),
  }));
  return { child, ended, says: (line: string) => expect.poll(output, { timeout: 30_000 }).toContain(line) };
}

it("SIGINT and SIGTERM together stop the service once, exit code 0", async () => {
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

it("a signal during the start closes what is already open, exit code 0", async () => {
  const { child, ended, says } = start("slow");
  await says("opened database");
  child.kill("SIGTERM");
  child.kill("SIGINT");
  child.stdin?.write("go on\n");
  expect(await ended).toMatchObject({
    code: 0,
    lines: ["opened database", "serving", "stopped 1", "closed database"],
    errors: "",
  });
});

it("a start that fails half-way closes what it has opened and prints one line, exit code 1", async () => {
  expect(await start("breaks").ended).toEqual({
    code: 1,
    signal: null,
    lines: ["opened database", "closed database"],
    errors: "cannot listen on 127.0.0.1:1\n",
  });
});
