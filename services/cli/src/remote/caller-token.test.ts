import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { callerToken } from "./caller-token.ts";

test("the token is that of the file or that of BELLWETHER_TOKEN", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-token-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "token");
  await writeFile(file, "from-file\n");
  expect(callerToken({ env: { BELLWETHER_TOKEN_FILE: file } })?.()).toBe("from-file");
  expect(callerToken({ env: { BELLWETHER_TOKEN: " from-env\n" } })?.()).toBe("from-env");
  expect(callerToken({ env: {} })).toBeUndefined();
});

test("both together, and a text that is not a token, are errors without the token", () => {
  expect(() => callerToken({ env: { BELLWETHER_TOKEN_FILE: "x", BELLWETHER_TOKEN: "secret" } })).toThrow(
    /^BELLWETHER_TOKEN_FILE and BELLWETHER_TOKEN exclude each other: set one$/,
  );
  expect(() => callerToken({ env: { BELLWETHER_TOKEN: "two words" } })).toThrow(/^BELLWETHER_TOKEN is not a token/);
});

test("a token file with several lines is an error without its content", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-token-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "token");
  await writeFile(file, "s3cret\ns3cret\n");
  const message = `BELLWETHER_TOKEN_FILE: ${file} does not contain a token, expected one line of visible ASCII characters without spaces`;
  expect(() => callerToken({ env: { BELLWETHER_TOKEN_FILE: file } })?.()).toThrow(new Error(message));
});
