import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createLocalKeys,
  issueToken,
  LOCAL_AUDIENCE,
  LOCAL_ISSUER,
  localKeyFiles,
  TokenSubjectError,
} from "./local-keys.ts";
import { readPublicKeys } from "./public-keys.ts";

let parent = "";
const folder = () => path.join(parent, "keys");

beforeAll(async () => {
  parent = await mkdtemp(path.join(os.tmpdir(), "bellwether-keys-"));
  await createLocalKeys(folder());
});
afterAll(() => rm(parent, { recursive: true, force: true }));

test("only the owner can read the private key, and the public key file contains no part of it", async () => {
  const { privateKeyFile, publicKeysFile } = localKeyFiles(folder());
  expect((await stat(folder())).mode & 0o777).toBe(0o700);
  expect((await stat(privateKeyFile)).mode & 0o777).toBe(0o600);
  const { d } = JSON.parse(await readFile(privateKeyFile, "utf8"));
  expect(d).toMatch(/^[\w-]{43}$/);
  const published = await readFile(publicKeysFile, "utf8");
  expect(published).not.toContain(d);
  expect((await readPublicKeys(publicKeysFile)).keys).toMatchObject([{ kty: "OKP", crv: "Ed25519", use: "sig" }]);
});

test("existing keys are never replaced, because all tokens would become void", async () => {
  const before = await readFile(localKeyFiles(folder()).privateKeyFile, "utf8");
  await expect(createLocalKeys(folder())).rejects.toMatchObject({ code: "EEXIST" });
  expect(await readFile(localKeyFiles(folder()).privateKeyFile, "utf8")).toBe(before);
});

test("a token contains subject, roles and expiry, and names its key", async () => {
  const { privateKeyFile, publicKeysFile } = localKeyFiles(folder());
  const token = await issueToken(privateKeyFile, { subject: "ada", roles: ["viewer", "analyst"], lifetimeS: 60 });
  const { iat = 0, exp = 0, ...claims } = decodeJwt(token);
  expect(claims).toEqual({ sub: "ada", roles: ["viewer", "analyst"], iss: LOCAL_ISSUER, aud: LOCAL_AUDIENCE });
  expect(exp - iat).toBe(60);
  const { keys } = await readPublicKeys(publicKeysFile);
  const [head = ""] = token.split(".");
  expect(JSON.parse(Buffer.from(head, "base64url").toString())).toEqual({ alg: "EdDSA", kid: keys[0]?.kid });
});

test.each(["{}", "[]", "null", '"keys"', '{"keys": {}}'])(
  "%s is not a key set, and the error names its file",
  async (text) => {
    const file = path.join(parent, "wrong.json");
    await writeFile(file, text);
    await expect(readPublicKeys(file)).rejects.toThrow(`${file}: expected a JSON Web Key Set`);
  },
);

test.each(["", " ", "ada\n", "x".repeat(257)])("no token is signed for the subject %j", async (subject) => {
  const token = issueToken(localKeyFiles(folder()).privateKeyFile, { subject, roles: ["viewer"], lifetimeS: 60 });
  await expect(token).rejects.toThrow(TokenSubjectError);
});

test("a file that is not a private key is an error without its content", async () => {
  const file = path.join(parent, "other.json");
  for (const text of ["s3cret-key", '{"kty":"OKP","crv":"Ed25519","x":"AA","d":"s3cret"}', "null"]) {
    await writeFile(file, text);
    const issued = issueToken(file, { subject: "ada", roles: ["viewer"], lifetimeS: 60 });
    await expect(issued).rejects.toThrow(
      new Error(`${file} is not a private key as JSON Web Key: npx bellwether auth keys creates one`),
    );
  }
});
