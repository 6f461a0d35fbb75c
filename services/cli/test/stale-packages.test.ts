import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

/** Runs `bellwether.js start` in a repository with these lock files, whose program only prints a word. */
async function start(wanted: object, installed: object | null): Promise<{ stdout: string; stderr: string }> {
  const root = await mkdtemp(path.join(tmpdir(), "stale-packages-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const cli = path.join(root, "services/cli");
  await mkdir(path.join(cli, "src"), { recursive: true });
  await mkdir(path.join(root, "node_modules"));
  await copyFile(path.resolve(import.meta.dirname, "../bellwether.js"), path.join(cli, "bellwether.js"));
  await writeFile(path.join(root, "package.json"), '{"type":"module"}');
  await writeFile(path.join(cli, "src/main.ts"), 'console.log("started");');
  const lock = (packages: object): string => JSON.stringify({ packages });
  await writeFile(path.join(root, "package-lock.json"), lock(wanted));
  if (installed) await writeFile(path.join(root, "node_modules/.package-lock.json"), lock(installed));
  const run = promisify(execFile)(process.execPath, [path.join(cli, "bellwether.js"), "start"]);
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
  return { stdout, stderr };
}

const ZOD = { "node_modules/zod": { version: "4.1.0" } };
const LINK = { "node_modules/@bellwether/new": { resolved: "services/lib/new", link: true } };

test.each([
  ["another version", ZOD, { "node_modules/zod": { version: "4.0.0" } }, "node_modules/zod"],
  ["no package", ZOD, {}, "node_modules/zod"],
  ["no link of a new package of the repository", { ...ZOD, ...LINK }, ZOD, "node_modules/@bellwether/new"],
])("with %s installed, start is one line that says npm ci", async (_, wanted, installed, name) => {
  expect(await start(wanted, installed)).toEqual({
    stdout: "",
    stderr: `bellwether: ${name} is not the one of package-lock.json: run npm ci\n`,
  });
});

test.each([
  ["the packages of the lock file", { "": {}, ...ZOD, ...LINK }, { ...ZOD, ...LINK }],
  [
    "no optional and no development packages",
    { "node_modules/a": { optional: true }, "node_modules/b": { dev: true } },
    {},
  ],
  ["no list of the installed packages", ZOD, null],
])("with %s, it starts", async (_, wanted, installed) => {
  expect(await start(wanted, installed)).toMatchObject({ stdout: "started\n" });
});
