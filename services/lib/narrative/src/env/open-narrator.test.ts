import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { type EnvSource, readEnv } from "@bellwether/env/env";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NARRATIVE_ENV } from "./narrative-env.ts";
import { openNarrator } from "./open-narrator.ts";

const KEY = "key-4d1f77aa";
let folder = "";
const lines: unknown[] = [];
const logger = { info: (...line: unknown[]) => lines.push(line), warn: (...line: unknown[]) => lines.push(line) };
const open = async (source: EnvSource) => openNarrator(readEnv(source, NARRATIVE_ENV), logger);

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "narrator-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("without a key nothing is logged, and the default language is English", async () => {
  expect((await open({})).defaultLanguage).toBe("en");
  expect((await open({ BELLWETHER_NARRATIVE_LANGUAGE: "de" })).defaultLanguage).toBe("de");
  expect(lines).toEqual([]);
});

test("a key as text or in a file is in no log line and no error", async () => {
  const file = path.join(folder, "key");
  await writeFile(file, `${KEY}\n`);
  await open({ MISTRAL_API_KEY: KEY });
  await open({ MISTRAL_API_KEY_FILE: file });
  expect(lines).toHaveLength(2);
  expect(inspect(lines, { depth: 9 })).not.toContain(KEY);
});

test.each([
  ["both are set", { MISTRAL_API_KEY: KEY, MISTRAL_API_KEY_FILE: "key" }, /both set/],
  [
    "the file does not exist",
    { MISTRAL_API_KEY_FILE: "/nowhere/key" },
    /MISTRAL_API_KEY_FILE: \/nowhere\/key .*ENOENT/,
  ],
  ["the URL is in clear text", { MISTRAL_API_KEY: KEY, MISTRAL_BASE_URL: "http://example.com" }, /MISTRAL_BASE_URL/],
])("the service does not start when %s; the error names the variable", async (_, source, text) => {
  const error = await open(source).catch((error: unknown) => error);
  expect(String(error)).toMatch(text);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(KEY);
});

test("a file without a key, or with more than one line, is rejected without its content", async () => {
  for (const content of ["", `${KEY} ${KEY}`, "x".repeat(5_000)]) {
    const file = path.join(folder, "bad");
    await writeFile(file, content);
    await expect(open({ MISTRAL_API_KEY_FILE: file })).rejects.toThrow(/does not contain a key/);
  }
});
