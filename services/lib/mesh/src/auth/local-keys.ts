import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import type { Right, RoleName } from "../call/caller.ts";
import type { SupplierScope } from "../call/supplier-scope.ts";
import { SCOPE_CLAIM } from "./scope-claim.ts";
import { subjectViolation } from "./subject.ts";

/** Issuer and audience of tokens that are signed with a local key pair. */
export const LOCAL_ISSUER = "bellwether";
export const LOCAL_AUDIENCE = "bellwether";

/**
 * The two files of a key pair. The private key stays where tokens are signed; the public keys are copied to
 * every server.
 */
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
 * Generates an Ed25519 key pair in `folder`. Only the owner can read the private key's file.
 * @throws Error EEXIST when the folder already has a key pair: a new one would make all tokens void
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

/** The content of a token. */
export interface TokenClaims {
  readonly subject: string;
  readonly roles: readonly (RoleName | Right)[];
  /** Left out: the caller sees all suppliers. */
  readonly scope?: SupplierScope | undefined;
  /** Time until the token expires, seconds. */
  readonly lifetimeS: number;
}

/** A token was requested whose subject no server accepts. */
export class TokenSubjectError extends Error {
  override readonly name = "TokenSubjectError" as const;
}

/** Signs a token with a local private key. @throws TokenSubjectError, Error that quotes nothing of the file */
export async function issueToken(
  privateKeyFile: string,
  { subject, roles, scope, lifetimeS }: TokenClaims,
): Promise<string> {
  const violation = subjectViolation(subject);
  if (violation !== undefined) throw new TokenSubjectError(`the subject ${violation}`);
  const { jwk, key } = await readSigningKey(privateKeyFile);
  return new SignJWT({ roles, ...(scope && { [SCOPE_CLAIM]: scope }) })
    .setProtectedHeader({ alg: "EdDSA", ...(jwk.kid !== undefined && { kid: jwk.kid }) })
    .setIssuer(LOCAL_ISSUER)
    .setAudience(LOCAL_AUDIENCE)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + lifetimeS)
    .sign(key);
}

async function readSigningKey(file: string): Promise<{ readonly jwk: JWK; readonly key: CryptoKey | Uint8Array }> {
  const text = await readFile(file, "utf8");
  try {
    const jwk: JWK = JSON.parse(text);
    return { jwk, key: await importJWK(jwk, "EdDSA") };
  } catch {
    // The error of JSON.parse quotes the text.
    throw new Error(`${file} is not a private key as JSON Web Key: npx bellwether auth keys creates one`);
  }
}
