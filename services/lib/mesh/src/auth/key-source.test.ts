import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEEP_MS, REFRESH_MS, RETRY_MS, STALE_MS } from "./key-source.ts";
import { createTokenVerifier, TokenError, type TokenVerifier } from "./token-verifier.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-key-source-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function keyPair(kid: string | undefined) {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg: "ES256", ...(kid !== undefined && { kid }) };
  const token = new SignJWT({ roles: ["viewer"] })
    .setProtectedHeader({ alg: "ES256", ...(kid !== undefined && { kid }) })
    .setIssuer("us")
    .setAudience("mesh")
    .setSubject("ada")
    .setExpirationTime("1h")
    .sign(privateKey);
  return { jwk, token: await token };
}
const [first, second] = [await keyPair("first"), await keyPair("second")];

/** Returns a verifier that reads a key file, with a clock that the test advances. */
async function keyFile(name: string, keys: JSONWebKeySet["keys"]) {
  const file = path.join(folder, name);
  const write = (text: string) => writeFile(file, text);
  const publish = (...published: JSONWebKeySet["keys"]) => write(JSON.stringify({ keys: published }));
  await publish(...keys);
  const logged: string[] = [];
  let nowMs = 1_000_000;
  const log = {
    info: (_: object, message: string) => logged.push(message),
    warn: (_: object, message: string) => logged.push(message),
  };
  const verify = createTokenVerifier(
    { keys: { file }, issuer: "us", audience: "mesh", rolesClaim: "roles" },
    { log, now: () => nowMs },
  );
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { file, write, publish, verify, pass, logged };
}

async function outcome(verify: TokenVerifier, token: string): Promise<string> {
  try {
    return (await verify(token)).subject;
  } catch (error) {
    return error instanceof TokenError ? error.reason : String(error);
  }
}

describe("a key that was removed", () => {
  it("stops being accepted within a minute, also for a remembered token", async () => {
    const { verify, publish, pass } = await keyFile("removed.json", [first.jwk, second.jwk]);
    expect(await outcome(verify, first.token)).toBe("ada");
    // The verifier answers without a promise when it remembers the token.
    expect(verify(first.token)).not.toBeInstanceOf(Promise);
    await publish(second.jwk);
    pass(STALE_MS);
    expect(await outcome(verify, first.token)).toBe("TOKEN_INVALID");
    expect(await outcome(verify, second.token)).toBe("ada");
  });

  it("stops being accepted sooner when calls arrive all the time: the keys are read in the background", async () => {
    const { verify, publish, pass, logged } = await keyFile("busy.json", [first.jwk]);
    expect(await outcome(verify, first.token)).toBe("ada");
    await publish(second.jwk);
    pass(REFRESH_MS - 1);
    expect(await outcome(verify, first.token)).toBe("ada");
    pass(1);
    await expect.poll(() => outcome(verify, first.token), { timeout: 10_000 }).toBe("TOKEN_INVALID");
    expect(logged).toEqual(["public keys of tokens changed"]);
  });
});

describe("keys under rotation", () => {
  it("overlap: tokens of the old and of the new key are accepted", async () => {
    const { verify } = await keyFile("overlap.json", [first.jwk, second.jwk]);
    for (const { token } of [first, second]) expect(await outcome(verify, token)).toBe("ada");
  });

  it("overlap also when neither key has a key id", async () => {
    const [old, young] = [await keyPair(undefined), await keyPair(undefined)];
    const { verify } = await keyFile("nameless.json", [old.jwk, young.jwk]);
    for (const { token } of [old, young]) expect(await outcome(verify, token)).toBe("ada");
    expect(await outcome(verify, (await keyPair(undefined)).token)).toBe("TOKEN_INVALID");
  });

  it("are read at once for a token that names a new key, but not more often than every retryMs", async () => {
    const { verify, publish, pass } = await keyFile("added.json", [first.jwk]);
    expect(await outcome(verify, first.token)).toBe("ada");
    await publish(first.jwk, second.jwk);
    pass(RETRY_MS - 1);
    expect(await outcome(verify, second.token)).toBe("TOKEN_INVALID");
    pass(1);
    expect(await outcome(verify, second.token)).toBe("ada");
  });
});

describe("keys that cannot be read any more", () => {
  it.each([
    ["half written", '{"keys": ['],
    ["not a key set", '{"keys": "none"}'],
    ["larger than 1 MiB", JSON.stringify({ keys: [], more: "x".repeat(1024 * 1024) })],
  ])("are kept for a limited time, and the log reports it: %s", async (name, text) => {
    const { verify, write, publish, pass, logged } = await keyFile(`broken-${name}.json`, [first.jwk]);
    expect(await outcome(verify, first.token)).toBe("ada");
    await write(text);
    pass(STALE_MS);
    expect(await outcome(verify, first.token)).toBe("ada");
    expect(logged).toEqual(["public keys of tokens cannot be read"]);
    pass(KEEP_MS - STALE_MS - 1);
    await expect.poll(() => outcome(verify, first.token)).toBe("ada");
    pass(RETRY_MS);
    await expect.poll(() => outcome(verify, first.token)).toBe("KEYS_UNAVAILABLE");
    expect(logged.at(-1)).toBe("no token is accepted any more: its public keys could not be read for too long");
    await publish(first.jwk);
    pass(RETRY_MS);
    expect(await outcome(verify, first.token)).toBe("ada");
  });
});
