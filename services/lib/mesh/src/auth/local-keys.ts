import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import type { RoleName } from "../call/caller.ts";

/** Issuer and audience of tokens that are made with a local key pair. */
export const LOCAL_ISSUER = "bellwether";
export const LOCAL_AUDIENCE = "bellwether";

/** The two files of a key pair: the private key stays where tokens are made, the public keys go to every server. */
export interface LocalKeyFiles {
  readonly privateKeyFile: string;
  readonly publicKeysFile: string;
}

export function localKeyFiles(folder: string): LocalKeyFiles {
  return {
    privateKeyFile: path.join(folder, "signing-key.json"),
    publicKeysFile: path.join(folder, "jwks.json"),
  };
}

/**
 * Makes an Ed25519 key pair in `folder`; the private key's file is readable by its owner only.
 * @throws Error EEXIST when there is one already: making a new one would void all tokens
 */
export async function createLocalKeys(folder: string): Promise<LocalKeyFiles> {
  const files = localKeyFiles(folder);
  const { privateKey, publicKey } = await generateKeyPair("Ed25519", { extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const named = (jwk: JWK): JWK => ({ ...jwk, kid, alg: "EdDSA", use: "sig" });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const privateText = JSON.stringify(named(await exportJWK(privateKey)));
  await writeFile(files.privateKeyFile, privateText, { flag: "wx", mode: 0o600 });
  await writeFile(files.publicKeysFile, JSON.stringify({ keys: [named(publicJwk)] }), { mode: 0o644 });
  return files;
}

/** What a token says. */
export interface TokenClaims {
  readonly subject: string;
  readonly roles: readonly RoleName[];
  /** From now on, seconds. */
  readonly lifetimeS: number;
}

/** Makes a token with a local private key. */
export async function issueToken(privateKeyFile: string, { subject, roles, lifetimeS }: TokenClaims): Promise<string> {
  const jwk: JWK = JSON.parse(await readFile(privateKeyFile, "utf8"));
  const key = await importJWK(jwk, "EdDSA");
  return new SignJWT({ roles })
    .setProtectedHeader({ alg: "EdDSA", ...(jwk.kid !== undefined && { kid: jwk.kid }) })
    .setIssuer(LOCAL_ISSUER)
    .setAudience(LOCAL_AUDIENCE)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + lifetimeS)
    .sign(key);
}
