import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runNode } from "@bellwether/testing/node-process";
import { expect, onTestFinished, test } from "vitest";
import { startCommands } from "./running-commands.ts";

const CLI = path.resolve(import.meta.dirname, "../bellwether.js");

test("commands print and end as they do in a process of their own", async () => {
  const cwd = await realpath(await mkdtemp(path.join(os.tmpdir(), "bellwether-commands-")));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  await writeFile(path.join(cwd, "half.json"), "{");
  const env = { ...process.env, MODEL_REGISTRY_URL: "file:models" };
  await using commands = startCommands();
  for (const args of [
    ["--version"],
    ["predict", "--help"],
    ["frobnicate", "--json"],
    ["predict", "--input", "half.json"],
    ["predict", "--input", "half.json", "--json"],
    ["predict", "--input", '{"supplier_id":"x"}', "--json"],
    ["--version"],
  ])
    expect([args, await commands.run({ args, env, cwd })]).toEqual([args, await runNode(CLI, { args, env, cwd })]);
});

test("two at the same time run one after the other, each with its own output", async () => {
  await using commands = startCommands();
  const request = { env: process.env, cwd: os.tmpdir() };
  const [first, second] = await Promise.all([
    commands.run({ ...request, args: ["--version"] }),
    commands.run({ ...request, args: ["frobnicate"] }),
  ]);
  expect([first.code, first.stderr, second.code, second.stdout]).toEqual([0, "", 2, ""]);
});
