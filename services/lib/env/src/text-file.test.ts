import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readTokenFile } from "./text-file.ts";

test("a file with something else than one token is an error with its name and without its content", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-token-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "token");
  const read = async (text: string) => {
    await writeFile(file, text);
    return readTokenFile("BELLWETHER_TOKEN_FILE", file);
  };
  expect(await read("a.b-c_d\r\n")).toBe("a.b-c_d");
  const message = `BELLWETHER_TOKEN_FILE: ${file} does not contain a token, expected one line of visible ASCII characters without spaces`;
  for (const text of ["s3cret\ns3cret\n", "s3cret s3cret", "s3crét", "s3cret\u0000", "", "\n"])
    await expect(read(text)).rejects.toThrow(new Error(message));
  expect(() => readTokenFile("BELLWETHER_TOKEN_FILE", folder)).toThrow(
    `BELLWETHER_TOKEN_FILE: ${folder} cannot be read (EISDIR)`,
  );
});
