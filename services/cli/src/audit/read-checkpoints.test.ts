import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {
  checkpointJson,
  checkpointSigner,
  checkpointText,
  newCheckpointKey,
} from "@bellwether/contract/audit/checkpoint";
import { expect, onTestFinished, test } from "vitest";
import { UsageError } from "../errors/usage-error.ts";
import { checkSignatures, readCheckpoints, readPublicKeys } from "./read-checkpoints.ts";

const signer = checkpointSigner(newCheckpointKey(), "key");
const one = signer.sign({ sequence: 7, hash: "a".repeat(64) }, new Date(0));
const two = signer.sign({ sequence: 9, hash: "b".repeat(64) }, new Date(0));

async function fileWith(text: string): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-checkpoints-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "file");
  await writeFile(file, text);
  return file;
}

test.each([
  ["lines of JSON", `${checkpointText(one)}\n${checkpointText(two)}\n`],
  [
    "a log",
    `not JSON\n${JSON.stringify({ msg: "listening" })}\n${JSON.stringify({ checkpoint: checkpointText(one) })}\n` +
      JSON.stringify({ checkpoint: checkpointText(two) }),
  ],
  ["one line", checkpointText(one)],
  ["a report", JSON.stringify({ iso_week: "2026-W47", audit_checkpoint: checkpointJson(one) }, null, 2)],
])("checkpoints are read from %s", async (_, text) => {
  const found = await readCheckpoints(await fileWith(text));
  expect(found).toEqual([one, two].slice(0, found.length));
  expect(found.length).toBeGreaterThan(0);
});

test("a file without a checkpoint, with a damaged one, or that is not there, is an error of use", async () => {
  const none = await fileWith("{}\n7\nnull\n");
  await expect(readCheckpoints(none)).rejects.toThrow(
    new UsageError(
      `--checkpoint: ${none} has no checkpoint; expected lines of JSON with "bellwether_audit_checkpoint", a log of ops-service, or the JSON report of a week`,
    ),
  );
  const damaged = await fileWith(checkpointText({ ...one, hash: "x" }));
  await expect(readCheckpoints(damaged)).rejects.toThrow(
    /file:1 is not a checkpoint: hash is not 64 lower-case hex digits$/,
  );
  await expect(readCheckpoints("/nowhere/file")).rejects.toThrow("--checkpoint: /nowhere/file cannot be read: ENOENT");
  await expect(readPublicKeys(none)).rejects.toThrow(/file has no PEM block "PUBLIC KEY"$/);
});

test("a forged checkpoint and one of another key are errors of use", async () => {
  const keys = await readPublicKeys(await fileWith(signer.publicKeyPem));
  expect(() => checkSignatures([one, two], keys)).not.toThrow();
  expect(() => checkSignatures([{ ...one, sequence: 8 }], keys)).toThrow(UsageError);
  const other = checkpointSigner(newCheckpointKey(), "other").sign(one, new Date(0));
  expect(() => checkSignatures([other], keys)).toThrow("which is not among the public keys");
});
