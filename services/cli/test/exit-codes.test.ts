import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startCommands } from "./running-commands.ts";

vi.setConfig({ testTimeout: 120_000 });

const ROOT = path.resolve(import.meta.dirname, "../../..");
const commands = startCommands();
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "cli-exit-"));
  await writeFile(path.join(folder, "week.csv"), "supplier_id\ns1\n");
  await writeFile(path.join(folder, "mapping.yaml"), "version: 1\nsources: none\n");
});
afterAll(async () => {
  await commands[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function run(args: readonly string[], over: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, BELLWETHER_DATA_DIR: path.join(folder, "data"), ...over };
  const named = args.map((arg) => arg.replace("FOLDER", folder));
  return await commands.run({ args: named, env, cwd: ROOT });
}

const CHECK = ["weekly", "check", "--input", "FOLDER/week.csv", "--json"];
const RUN = ["weekly", "run", "--week", "2026-W01", "--input", "FOLDER/week.csv", "--json"];
const TRAIN = ["train", "--data", "FOLDER", "--json"];

test.each<[string, string[], NodeJS.ProcessEnv, string]>([
  ["a limit of reading in a check", CHECK, { INGEST_MAX_ROWS: "many" }, "INGEST_MAX_ROWS: found"],
  ["a limit of reading in a run", RUN, { INGEST_STATEMENT_TIMEOUT: "1" }, "INGEST_STATEMENT_TIMEOUT"],
  ["a mapping in a check", [...CHECK, "--mapping", "FOLDER/mapping.yaml"], {}, "mapping.yaml:2:"],
  ["a mapping in a run", [...RUN, "--mapping", "FOLDER/mapping.yaml"], {}, "mapping.yaml:2:"],
  ["a model configuration that does not exist", [...CHECK, "--config", "nowhere.yaml"], {}, "nowhere.yaml"],
  ["a mapping in training", [...TRAIN, "--mapping", "FOLDER/mapping.yaml"], {}, "mapping.yaml:2:"],
  ["the port of a service", ["alerts", "list", "--json"], { OPS_SERVICE_GRPC_PORT: "http" }, "OPS_SERVICE_GRPC_PORT"],
])("an invalid configuration exits with 2: %s", async (_, args, env, text) => {
  const { code, stderr, stdout } = await run(args, env);
  expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
  expect(JSON.parse(stdout)).toMatchObject({ error: { kind: "usage", message: expect.stringContaining(text) } });
});

test("the reason of a run that did not begin is INVALID_CONFIGURATION under --json", async () => {
  const { stdout } = await run(RUN, { INGEST_MAX_ROWS: "many" });
  expect(JSON.parse(stdout)).toMatchObject({ error: { reason: "INVALID_CONFIGURATION" } });
});

test.each([["check"], ["run"]])("a file that does not exist exits with 2, as nothing was done: %s", async (command) => {
  const args = ["weekly", command, "--week", "2026-W01", "--input", "FOLDER/nothing.csv", "--json"];
  const { code, stderr, stdout } = await run(args);
  expect([code, stderr]).toEqual([2, expect.stringContaining("nothing.csv")]);
  expect(JSON.parse(stdout)).toMatchObject({ error: { kind: "usage", reason: "INPUT_NOT_FOUND" } });
});

test("a file without the columns of the mapping exits with 2 in training, where nothing was done", async () => {
  const { code, stderr } = await run(TRAIN);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/source "|mapping, /)]);
});
