import { randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { Secret } from "@bellwether/env/secret";
import { parseSealKeys, type SealKey } from "./seal.ts";

/** Name of the file with the session keys, in the folder `keys` of the data folder. */
const FILE_NAME = "session-key";
const MAX_FILE_BYTES = 4_096;

/** Returns the file with the session keys in the data folder. */
export function sessionKeyFile(dataFolder: string): string {
  return path.join(dataFolder, "keys", FILE_NAME);
}

/**
 * Reads the session keys of a file.
 * @throws Error that names the file and no part of its content
 */
export async function readSessionKeys(file: string): Promise<SealKey[]> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) throw new Error(`${size} bytes, expected at most ${MAX_FILE_BYTES}`);
    return parseSealKeys(await readFile(file, "utf8"));
  } catch (cause) {
    throw unusable(file, cause);
  }
}

function unusable(file: string, cause: unknown): Error {
  const reason = cause instanceof Error ? ("code" in cause ? String(cause.code) : cause.message) : String(cause);
  return new Error(`the session keys in ${file} cannot be used: ${reason}`, { cause });
}

/**
 * Reads the session keys of a file. Creates the file with a new key first when it does not exist; only its owner
 * can read it. Of several processes that create it together, all get the same key.
 * @throws Error that names the file
 */
export async function provideSessionKeys(file: string): Promise<SealKey[]> {
  const draft = `${file}.${randomUUID()}.partial`;
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(file, "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    if (handle) await handle.close();
    else {
      const writing = await open(draft, "wx", 0o600);
      try {
        await writing.writeFile(`${randomBytes(32).toString("base64url")}\n`);
        await writing.sync();
      } finally {
        await writing.close();
      }
      // A link fails when the file exists: a key that another process has written in the meantime stays.
      await link(draft, file).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      });
    }
  } catch (cause) {
    throw unusable(file, cause);
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
  return readSessionKeys(file);
}

/** The variables that name the session keys. */
export interface SessionKeyEnv {
  readonly sessionKey: Secret | null;
  readonly sessionKeyFile: string | null;
  readonly dataDir: string;
}

/**
 * Returns the session keys of a process: of the variable, of the file, or of a file in the data folder, which is
 * created. Replicas share sessions only when they share the keys.
 * @throws Error that names the variable or the file
 */
export async function sessionKeys({ sessionKey, sessionKeyFile: file, dataDir }: SessionKeyEnv): Promise<SealKey[]> {
  if (sessionKey !== null && file !== null)
    throw new Error("BELLWETHER_SESSION_KEY and BELLWETHER_SESSION_KEY_FILE exclude each other: set one");
  if (file !== null) return readSessionKeys(file);
  if (sessionKey === null) return provideSessionKeys(sessionKeyFile(dataDir));
  try {
    return parseSealKeys(sessionKey.reveal());
  } catch (cause) {
    throw new Error(`BELLWETHER_SESSION_KEY: ${cause instanceof Error ? cause.message : ""}`, { cause });
  }
}
