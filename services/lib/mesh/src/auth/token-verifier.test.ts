import { createHmac } from "node:crypto";
import http from "node:http";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { createTokenVerifier, TokenError, type TokenSettings } from "./token-verifier.ts";

const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
const stranger = await generateKeyPair("ES256");
const jwk = { ...(await exportJWK(publicKey)), kid: "ours", alg: "ES256" };
const settings: TokenSettings = { keys: { keys: [jwk] }, issuer: "us", audience: "mesh", rolesClaim: "roles" };
const now = Math.floor(Date.now() / 1000);
const CLAIMS: JWTPayload = { iss: "us", aud: "mesh", sub: "ada", exp: now + 60, roles: ["viewer"] };

function sign(claims: JWTPayload, { key = privateKey, kid = "ours" } = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid }).sign(key);
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

async function reasonOf(token: string, more: Partial<TokenSettings> = {}): Promise<string> {
  const verify = createTokenVerifier({ ...settings, ...more });
  return Promise.resolve(verify(token)).then(
    () => "accepted",
    (error) => (error instanceof TokenError ? error.reason : String(error)),
  );
}

describe("a token", () => {
  it("of the issuer for this audience is accepted, with its subject and roles", async () => {
    const caller = await createTokenVerifier(settings)(await sign(CLAIMS));
    expect(caller).toMatchObject({ subject: "ada", roles: new Set(["viewer"]), via: "token" });
  });

  it.each([
    ["that has expired is rejected", { exp: now - 60 }, "TOKEN_EXPIRED"],
    ["that expired within the tolerance for clocks is accepted", { exp: now - 3 }, "accepted"],
    ["that is not valid yet is rejected", { nbf: now + 60 }, "TOKEN_INVALID"],
    ["of another issuer is rejected", { iss: "them" }, "TOKEN_INVALID"],
    ["for another audience is rejected", { aud: "shop" }, "TOKEN_INVALID"],
    ["for several audiences including this one is accepted", { aud: ["shop", "mesh"] }, "accepted"],
    ["without a subject is rejected", { sub: undefined }, "TOKEN_INVALID"],
    ["without an expiry is rejected", { exp: undefined }, "TOKEN_INVALID"],
    ["with an empty subject is rejected", { sub: "" }, "TOKEN_INVALID"],
    ["with a subject of spaces is rejected", { sub: " \t" }, "TOKEN_INVALID"],
    ["with NUL in its subject is rejected", { sub: "ada\u0000" }, "TOKEN_INVALID"],
    ["with half a character in its subject is rejected", { sub: "ada\ud800" }, "TOKEN_INVALID"],
    ["with a subject of 256 bytes is accepted", { sub: "ü".repeat(128) }, "accepted"],
    ["with a subject of 257 bytes is rejected", { sub: `${"ü".repeat(128)}x` }, "TOKEN_INVALID"],
    ["with a number as its subject is rejected", { sub: 12345 }, "TOKEN_INVALID"],
    ["with a boolean as its subject is rejected", { sub: false }, "TOKEN_INVALID"],
    ["with an array as its subject is rejected", { sub: ["ada"] }, "TOKEN_INVALID"],
    ["with an object as its subject is rejected", { sub: { name: "ada" } }, "TOKEN_INVALID"],
    ["with null as its subject is rejected", { sub: null }, "TOKEN_INVALID"],
    ["whose roles are a number is rejected", { roles: 7 }, "TOKEN_INVALID"],
    ["whose roles are an object is rejected", { roles: { admin: true } }, "TOKEN_INVALID"],
    ["whose roles contain a number is rejected", { roles: ["viewer", 7] }, "TOKEN_INVALID"],
    ["with a scope of regions is accepted", { supplier_scope: { regions: ["Europe"] } }, "accepted"],
    ["with a scope that is null is rejected", { supplier_scope: null }, "TOKEN_INVALID"],
    ["with a scope that is a text is rejected", { supplier_scope: "Europe" }, "TOKEN_INVALID"],
    ["with a scope that is a list is rejected", { supplier_scope: ["Europe"] }, "TOKEN_INVALID"],
    ["with a scope without values is rejected", { supplier_scope: {} }, "TOKEN_INVALID"],
    ["with a scope of empty lists is rejected", { supplier_scope: { regions: [], categories: [] } }, "TOKEN_INVALID"],
    ["with a misspelled list in its scope is rejected", { supplier_scope: { region: ["Europe"] } }, "TOKEN_INVALID"],
    ["with a scope of an empty region is rejected", { supplier_scope: { regions: [""] } }, "TOKEN_INVALID"],
    ["with a scope of a number is rejected", { supplier_scope: { categories: [7] } }, "TOKEN_INVALID"],
    [
      "of a service with a scope is rejected",
      { roles: ["service"], supplier_scope: { regions: ["Europe"] } },
      "TOKEN_INVALID",
    ],
  ])("%s", async (_, claims, expected) => {
    // JSON drops claims that are undefined.
    const payload: JWTPayload = JSON.parse(JSON.stringify({ ...CLAIMS, ...claims }));
    expect(await reasonOf(await sign(payload))).toBe(expected);
  });

  it("with a scope has a caller who sees only its suppliers", async () => {
    const claims = { ...CLAIMS, supplier_scope: { categories: ["Steel", "Glass", "Steel"] } };
    const caller = await createTokenVerifier(settings)(await sign(claims));
    expect(caller.scope).toEqual({ regions: [], categories: ["Glass", "Steel"] });
    expect((await createTokenVerifier(settings)(await sign(CLAIMS))).scope).toBeUndefined();
  });

  it("that is rejected says which claim is wrong and how", async () => {
    const verify = createTokenVerifier(settings);
    const claims: JWTPayload = JSON.parse(JSON.stringify({ ...CLAIMS, sub: 12345 }));
    await expect(verify(await sign(claims))).rejects.toThrow('the token\'s claim "sub" is a number, not a string');
    await expect(verify(await sign({ ...CLAIMS, roles: true }))).rejects.toThrow(
      'the token\'s claim "roles" is a boolean',
    );
  });

  it("signed with an unknown key under the id of a known key is rejected", async () => {
    expect(await reasonOf(await sign(CLAIMS, { key: stranger.privateKey }))).toBe("TOKEN_INVALID");
  });

  it("with an unknown key id is rejected", async () => {
    expect(await reasonOf(await sign(CLAIMS, { kid: "theirs" }))).toBe("TOKEN_INVALID");
  });

  it("without a signature is rejected, in any letter case of its algorithm", async () => {
    for (const alg of ["none", "None", "NONE"]) {
      expect(await reasonOf(`${encode({ alg, kid: "ours" })}.${encode(CLAIMS)}.`)).toBe("TOKEN_INVALID");
    }
  });

  it("signed by HMAC with the public key as the secret is rejected", async () => {
    const text = `${encode({ alg: "HS256", kid: "ours" })}.${encode(CLAIMS)}`;
    for (const secret of [await exportSPKI(publicKey), JSON.stringify(jwk)]) {
      const signature = createHmac("sha256", secret).update(text).digest("base64url");
      expect(await reasonOf(`${text}.${signature}`)).toBe("TOKEN_INVALID");
    }
  });

  it("whose claims were changed after signing is rejected", async () => {
    const [head = "", , signature = ""] = (await sign(CLAIMS)).split(".");
    expect(await reasonOf(`${head}.${encode({ ...CLAIMS, roles: ["admin"] })}.${signature}`)).toBe("TOKEN_INVALID");
  });

  it.each([
    ["empty", ""],
    ["of dots", ".."],
    ["of 1 MB", "x".repeat(1_000_000)],
    ["whose claims are not JSON", `${"e30"}.${"!!!"}.${"e30"}`],
  ])("%s is rejected", async (_, token) => {
    expect(await reasonOf(token)).toBe("TOKEN_INVALID");
  });
});

describe("roles", () => {
  const rolesOf = async (claims: JWTPayload, rolesClaim: string) =>
    (await createTokenVerifier({ ...settings, rolesClaim })(await sign({ ...CLAIMS, roles: undefined, ...claims })))
      .roles;

  it.each([
    ["come from a list", { roles: ["analyst", "admin"] }, "roles", ["analyst", "admin"]],
    ["come from a text of words", { scope: "viewer analyst" }, "scope", ["viewer", "analyst"]],
    ["come from within another claim", { realm_access: { roles: ["admin"] } }, "realm_access.roles", ["admin"]],
    ["that are unknown are left out", { roles: ["root", "viewer"] }, "roles", ["viewer"]],
    ["are empty when the claim is missing", {}, "a.b.c", []],
    ["are not read from inherited properties of an object", { roles: {} }, "roles.constructor.name", []],
  ])("%s", async (_, claims, path, expected) => {
    expect(await rolesOf(claims, path)).toEqual(new Set(expected));
  });
});

describe("keys at a URL", () => {
  async function keyServer(answer: http.RequestListener) {
    const server = http.createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    return { url: new URL(`http://127.0.0.1:${port}/jwks`), [Symbol.dispose]: () => void server.close() };
  }

  it("are fetched once for many tokens", async () => {
    let fetched = 0;
    using server = await keyServer((_, response) => {
      fetched++;
      response.end(JSON.stringify({ keys: [jwk] }));
    });
    const verify = createTokenVerifier({ ...settings, keys: server.url });
    for (const sub of ["ada", "bob", "eve"]) expect((await verify(await sign({ ...CLAIMS, sub }))).subject).toBe(sub);
    expect(fetched).toBe(1);
  });

  it("are not read from the target of a redirect", async () => {
    using elsewhere = await keyServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
    using redirecting = await keyServer((_, response) =>
      response.writeHead(302, { location: elsewhere.url.href }).end(),
    );
    expect(await reasonOf(await sign(CLAIMS), { keys: elsewhere.url })).toBe("accepted");
    expect(await reasonOf(await sign(CLAIMS), { keys: redirecting.url })).toBe("KEYS_UNAVAILABLE");
  });

  it("larger than 1 MiB are not read to their end", async () => {
    using endless = await keyServer((_, response) => {
      const more = () => !response.destroyed && response.write("x".repeat(65_536), () => setImmediate(more));
      more();
    });
    expect(await reasonOf(await sign(CLAIMS), { keys: endless.url })).toBe("KEYS_UNAVAILABLE");
  });

  it("that cannot be fetched are an error of the provider, not of the token", async () => {
    using broken = await keyServer((_, response) => {
      response.statusCode = 503;
      response.end();
    });
    const token = await sign(CLAIMS);
    expect(await reasonOf(token, { keys: broken.url })).toBe("KEYS_UNAVAILABLE");
    expect(await reasonOf(token, { keys: new URL("http://127.0.0.1:1/jwks") })).toBe("KEYS_UNAVAILABLE");
  });
});
