import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { signingKey, trustedKeys } from "../src/keys/registry-keys.ts";
import { registryOfProcess } from "../src/open-registry.ts";
import { publishVersion } from "../src/publish/publish-version.ts";
import { setAlias } from "../src/publish/set-alias.ts";
import { signVersion } from "../src/publish/sign-version.ts";
import { storageOf } from "../src/storage/storage-of.ts";
import { findRejection, readVersion } from "../src/versions/read-version.ts";
import { versionFingerprint } from "../src/versions/version-fingerprint.ts";
import { accept, MODEL, publication } from "./publication-fixture.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "registry-signed-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

function keyPair() {
  const pair = generateKeyPairSync("ed25519");
  return {
    privatePem: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicPem: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}
const own = keyPair();
const other = keyPair();
const signed = (publicPem = own.publicPem) => ({ ...storageOf(root), trusted: trustedKeys(publicPem, "keys") });
const signWith = (pem: string, version = "v1") =>
  signVersion(root, {
    ...{ modelName: MODEL, version, key: signingKey(pem, "--key") },
    ...{ signedBy: "ada", now: new Date("2026-01-06T00:00:00Z") },
  });
const rejected = { name: "ModelSignatureError" };

test("with trusted keys only a version is read that one of them has signed", async () => {
  await publishVersion(root, publication(), accept);
  await expect(readVersion(signed(), MODEL, "v1")).rejects.toMatchObject(rejected);
  expect(await findRejection(signed(), MODEL, "v1")).toMatch(
    /^supplier-risk v1 is not accepted: .*signature\.json does not exist; sign it with: bellwether models sign v1 --model supplier-risk --key FILE/,
  );
  const before = await versionFingerprint(root, MODEL, "v1");
  await signWith(other.privatePem);
  expect(await versionFingerprint(root, MODEL, "v1")).not.toBe(before);
  await expect(readVersion(signed(), MODEL, "v1")).rejects.toMatchObject(rejected);
  await signWith(own.privatePem);
  await signWith(own.privatePem);
  expect((await readVersion(signed(), MODEL, "v1")).manifest.version).toBe("v1");
  expect((await readVersion(signed(other.publicPem), MODEL, "v1")).manifest.version).toBe("v1");
  expect((await readVersion(signed(other.publicPem + own.publicPem), MODEL, "v1")).manifest.version).toBe("v1");
  expect(await findRejection(signed(), MODEL, "v1")).toBeNull();
  const file = JSON.parse(await readFile(path.join(root, MODEL, "v1/signature.json"), "utf8"));
  expect(file.signatures).toHaveLength(2);
  await expect(readVersion(signed(keyPair().publicPem), MODEL, "v1")).rejects.toThrow("no trusted key has signed it");
});

test("a signature of another version, and a changed manifest, are rejected", async () => {
  await publishVersion(root, publication(), accept);
  await publishVersion(root, publication({ onnx: new Uint8Array([9]) }), accept);
  await signWith(own.privatePem);
  const at = (version: string, name: string) => path.join(root, MODEL, version, name);
  await writeFile(at("v2", "signature.json"), await readFile(at("v1", "signature.json")));
  await expect(readVersion(signed(), MODEL, "v2")).rejects.toMatchObject(rejected);
  const manifest = await readFile(at("v1", "manifest.json"), "utf8");
  await writeFile(at("v1", "manifest.json"), manifest.replace('"origin": "trained"', '"origin": "imported"'));
  await expect(readVersion(signed(), MODEL, "v1")).rejects.toMatchObject(rejected);
});

test("an alias does not move to a version that no trusted key has signed", async () => {
  await publishVersion(root, publication(), accept);
  const move = { modelName: MODEL, alias: "champion" as const, version: "v1", setBy: "ada", reason: "why" };
  await expect(setAlias(signed(), { ...move, now: new Date(0) }, accept)).rejects.toMatchObject(rejected);
  await signWith(own.privatePem);
  expect(await setAlias(signed(), { ...move, now: new Date(0) }, accept)).toMatchObject({ version: "v1" });
});

test("with a signing key a version is signed when it becomes visible", async () => {
  const registry = { ...signed(), signer: signingKey(own.privatePem, "key") };
  await publishVersion(registry, publication(), accept);
  expect((await readVersion(registry, MODEL, "v1")).manifest.version).toBe("v1");
});

test("a version whose files differ from its manifest is not signed", async () => {
  await publishVersion(root, publication(), accept);
  await writeFile(path.join(root, MODEL, "v1/model.onnx"), "other");
  await expect(signWith(own.privatePem)).rejects.toMatchObject({ name: "ModelCorruptError" });
});

test.each([
  ["text", "hello"],
  ["a list of signatures that is not one", '{"format":"bellwether.signature/1","signatures":{}}'],
  ["a signature without a key", '{"format":"bellwether.signature/1","signatures":[{}]}'],
  ["too large", `"${"x".repeat(64 * 1024)}"`],
])("a signature file that is %s is an error that names it", async (_, content) => {
  await publishVersion(root, publication(), accept);
  await writeFile(path.join(root, MODEL, "v1/signature.json"), content);
  await expect(readVersion(signed(), MODEL, "v1")).rejects.toMatchObject({
    name: "ModelCorruptError",
    message: expect.stringContaining("signature.json"),
  });
});

test("keys come from the files that the environment names, and an error quotes nothing of them", async () => {
  const at = (name: string) => path.join(root, name);
  await writeFile(at("public.pem"), own.publicPem);
  await writeFile(at("private.pem"), own.privatePem);
  await writeFile(at("wrong.pem"), other.privatePem.replace("PRIVATE", "SECRET"));
  const env = { MODEL_REGISTRY_URL: "file:models", MODEL_REGISTRY_PUBLIC_KEYS: "public.pem" };
  const registry = registryOfProcess({ ...env, MODEL_REGISTRY_SIGNING_KEY: "private.pem" }, root);
  await publishVersion(registry, publication(), accept);
  expect((await readVersion(registry, MODEL, "v1")).manifest.version).toBe("v1");
  for (const over of [
    { MODEL_REGISTRY_PUBLIC_KEYS: "nowhere.pem" },
    { MODEL_REGISTRY_PUBLIC_KEYS: "private.pem" },
    { MODEL_REGISTRY_SIGNING_KEY: "wrong.pem" },
  ]) {
    const [[name = "", file = ""] = []] = Object.entries(over);
    const failing = () => registryOfProcess({ ...env, ...over }, root);
    expect(failing).toThrow(`${name}: ${file}`);
    expect(failing).not.toThrow(other.privatePem.split("\n")[1] ?? "");
  }
  const exchange = generateKeyPairSync("x25519").publicKey.export({ type: "spki", format: "pem" }).toString();
  expect(() => trustedKeys(exchange, "keys")).toThrow("keys is not an Ed25519 key in PEM");
});

test("openssl verifies the signature of a manifest", async (context) => {
  await publishVersion(root, publication(), accept);
  const { signature } = await signWith(own.privatePem);
  const at = (name: string) => path.join(root, name);
  await writeFile(at("signature.bin"), Buffer.from(signature, "base64"));
  await writeFile(at("public.pem"), own.publicPem);
  const verifying = ["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", at("public.pem")];
  const files = ["-in", path.join(root, MODEL, "v1/manifest.json"), "-sigfile", at("signature.bin")];
  try {
    execFileSync("openssl", ["version"]);
  } catch {
    return context.skip("openssl is not installed");
  }
  expect(execFileSync("openssl", [...verifying, ...files]).toString()).toContain("Verified Successfully");
});
