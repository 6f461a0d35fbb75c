import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import {
  checkpointKeys,
  checkpointSigner,
  checkpointText,
  newCheckpointKey,
  parseCheckpoint,
  verifyCheckpoint,
} from "./checkpoint.ts";

const signer = checkpointSigner(newCheckpointKey(), "the key");
const keys = checkpointKeys(signer.publicKeyPem, "the public key");
const checkpoint = signer.sign({ sequence: 7, hash: "a".repeat(64) }, new Date("2026-01-05T10:00:00Z"));

test("a checkpoint is read as it was written, and its signature matches", () => {
  const read = parseCheckpoint(checkpointText(checkpoint), "c");
  expect(read).toEqual(checkpoint);
  expect(() => verifyCheckpoint(read, keys)).not.toThrow();
});

test("a checkpoint with another sequence, hash or time is forged", () => {
  for (const over of [{ sequence: 8 }, { hash: "b".repeat(64) }, { createdAt: "2026-01-06T10:00:00.000Z" }])
    expect(() => verifyCheckpoint({ ...checkpoint, ...over }, keys)).toThrow("is forged or damaged");
});

test("a checkpoint of another key names both keys, and one that takes the name of the key is forged", () => {
  const other = checkpointSigner(newCheckpointKey(), "another key").sign(checkpoint, new Date());
  expect(() => verifyCheckpoint(other, keys)).toThrow(
    `names the key ${other.keyId}, which is not among the public keys`,
  );
  expect(() => verifyCheckpoint({ ...other, keyId: signer.id }, keys)).toThrow("is forged or damaged");
});

test.each([
  ["", "it is not a line of JSON"],
  ["[]", 'it has no "bellwether_audit_checkpoint": 1'],
  ["null", "it is not a JSON object"],
  [checkpointText({ ...checkpoint, sequence: 0 }), "sequence is not a whole number"],
  [checkpointText({ ...checkpoint, sequence: 2 ** 53 }), "sequence is not a whole number"],
  [checkpointText({ ...checkpoint, hash: "A".repeat(64) }), "hash is not 64 lower-case hex digits"],
  [checkpointText({ ...checkpoint, signature: "x" }), "signature is not 64 bytes in base64"],
  [checkpointText({ ...checkpoint, createdAt: "now\n" }), "created_at is not a time in UTC"],
])("%s is not a checkpoint", (text, reason) => {
  expect(() => parseCheckpoint(text, "line 1")).toThrow(`line 1 is not a checkpoint: ${reason}`);
});

test("a key of another kind is an error that quotes nothing of it", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  for (const text of [pem, "secret", ""])
    expect(() => checkpointSigner(text, "key.pem")).toThrow(/^key\.pem is not an Ed25519 key in PEM; create one with/);
  expect(() => checkpointKeys("secret", "pub.pem")).toThrow('pub.pem has no PEM block "PUBLIC KEY"');
});
