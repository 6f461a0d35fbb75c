import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { newCheckpointKey } from "@bellwether/contract/audit/checkpoint";
import { readEnv } from "@bellwether/env/env";
import { expect, onTestFinished, test } from "vitest";
import { AUDIT_ENV, readAuditSettings } from "./audit-env.ts";
import { EXPORT_ENV } from "./export-env.ts";

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-audit-env-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function read(env: Readonly<Record<string, string>>, dataDir: string) {
  const messages: string[] = [];
  const config = { ...readEnv(env, { ...AUDIT_ENV, ...EXPORT_ENV }), dataDir };
  const settings = await readAuditSettings(config, (message) => messages.push(message));
  return { settings, messages };
}

test("a key is created once, only its owner can read it, and the log says where it is", async () => {
  const folder = await tempFolder();
  const started = await Promise.all([read({}, folder), read({}, folder), read({}, folder)]);
  const ids = started.map(({ settings }) => settings.signer?.id);
  expect(new Set(ids).size).toBe(1);
  const messages = started.flatMap((one) => one.messages);
  expect(messages).toEqual([expect.stringContaining(`${path.join(folder, "keys/audit-key.pem")} (id ${ids[0]})`)]);
  expect((await stat(path.join(folder, "keys/audit-key.pem"))).mode & 0o777).toBe(0o600);
  const again = await read({}, folder);
  expect([again.settings.signer?.id, again.messages]).toEqual([ids[0], []]);
});

test("the key of a file is used, and a file without a key is an error that quotes nothing of it", async () => {
  const folder = await tempFolder();
  const file = path.join(folder, "key.pem");
  await writeFile(file, newCheckpointKey());
  const { settings, messages } = await read({ BELLWETHER_AUDIT_KEY_FILE: file }, folder);
  expect([settings.signer?.publicKeyPem, messages]).toEqual([expect.stringContaining("BEGIN PUBLIC KEY"), []]);
  await writeFile(file, "a secret");
  await expect(read({ BELLWETHER_AUDIT_KEY_FILE: file }, folder)).rejects.toThrow(
    new RegExp(`^${file} is not an Ed25519 key in PEM; create one with: openssl genpkey -algorithm ed25519$`),
  );
  await rm(file);
  await expect(read({ BELLWETHER_AUDIT_KEY_FILE: file }, folder)).rejects.toThrow(`in ${file} cannot be used: ENOENT`);
});

test("a damaged key in the data folder is an error, and stays as it is", async () => {
  const folder = await tempFolder();
  await read({}, folder);
  const file = path.join(folder, "keys/audit-key.pem");
  await writeFile(file, "");
  await expect(read({}, folder)).rejects.toThrow("is not an Ed25519 key in PEM");
  expect(await readFile(file, "utf8")).toBe("");
});

test("a folder in which nothing can be kept means no checkpoints, and a message", async () => {
  // Also root cannot create a folder there.
  const { settings, messages } = await read({}, "/sys/bellwether");
  expect([settings.signer, messages]).toEqual([undefined, [expect.stringContaining("set BELLWETHER_AUDIT_KEY_FILE")]]);
});

test("checkpoints go to the archive of events, unless another store is named", async () => {
  const folder = await tempFolder();
  const archive = { BELLWETHER_EVENT_ARCHIVE_URL: "file:archive" };
  expect((await read({}, folder)).settings.store).toBeUndefined();
  expect((await read(archive, folder)).settings.store?.url).toBe("file:archive");
  const both = { ...archive, BELLWETHER_AUDIT_CHECKPOINT_URL: "file:checkpoints" };
  expect((await read(both, folder)).settings.store?.url).toBe("file:checkpoints");
});

test("kinds of callers that cannot be read are an error with the expected form", async () => {
  const folder = await tempFolder();
  for (const text of ["ml", "ml=", "=prediction.*", "ml=Prediction", "ml=a.*;;x=b"])
    await expect(read({ BELLWETHER_AUDIT_KINDS: text }, folder)).rejects.toThrow(
      "expected callers with kinds of events",
    );
  const { settings } = await read({ BELLWETHER_AUDIT_KINDS: "ml=prediction.*,call.made;key:a b=model.*" }, folder);
  expect([...(settings.kinds ?? [])]).toEqual([
    ["ml", ["prediction.*", "call.made"]],
    ["key:a b", ["model.*"]],
  ]);
});
