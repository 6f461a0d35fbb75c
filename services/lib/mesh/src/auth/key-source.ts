import { setTimeout as pause } from "node:timers/promises";
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { parsePublicKeys, readPublicKeys } from "./public-keys.ts";

/** Where the public keys of a token issuer are: a JWKS URL, a JWKS file, or the keys themselves. */
export type KeyOrigin = URL | { readonly file: string } | JSONWebKeySet;

/**
 * One version of the keys. A different object means that the keys have changed: results that were computed
 * with the former object are void.
 */
export interface PublicKeys {
  readonly find: JWTVerifyGetKey;
}

/** The public keys of one origin. They are read again periodically. */
export interface KeySource {
  /**
   * Returns the current keys without waiting. Undefined: the caller must await `latest`. Starts a read in the
   * background when one is due.
   */
  fresh(): PublicKeys | undefined;
  /**
   * Returns the current keys. If a read is due, waits for it first.
   * @throws Error when there are no keys that may still be used
   */
  latest(): Promise<PublicKeys>;
  /**
   * Reads the keys again and returns them. Called for a token whose key is not among the current ones. Starts
   * at most one read per `RETRY_MS`.
   * @throws Error as `latest`
   */
  renewed(): Promise<PublicKeys>;
}

export interface KeySourceLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface KeySourceOptions {
  readonly log?: KeySourceLog;
  /** Returns the time of a monotonic clock, milliseconds. */
  readonly now?: () => number;
}

/** Keys of this age are read again in the background. */
export const REFRESH_MS = 20_000;
/**
 * Keys of this age are not used until they have been read again: a removed key is rejected within a minute,
 * even when few calls arrive.
 */
export const STALE_MS = 45_000;
/** Minimum time between reads after a failed read, and between reads for unknown keys. */
export const RETRY_MS = 10_000;
/** While reads fail, the last keys are used up to this age. After that no token is accepted. */
export const KEEP_MS = 10 * 60_000;
const READ_TIMEOUT_MS = 3_000;
const MAX_BYTES = 1024 * 1024;

/**
 * Reads the keys of an origin at the first request for them, and again at a request when they are
 * `REFRESH_MS` old.
 */
export function createKeySource(origin: KeyOrigin, options: KeySourceOptions = {}): KeySource {
  if (!(origin instanceof URL) && !isFile(origin)) return fixedKeys(origin);
  const { log, now = () => performance.now() } = options;
  const source = origin instanceof URL ? origin.href : origin.file;
  let keys: PublicKeys | undefined;
  let text = "";
  let readAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let reading: Promise<void> | undefined;

  const take = (set: JSONWebKeySet): void => {
    const find = createLocalJWKSet(set);
    const next = JSON.stringify(set);
    if (next !== text) {
      if (keys) log?.info({ source, key_ids: set.keys.map(({ kid }) => kid ?? "") }, "public keys of tokens changed");
      keys = { find };
      text = next;
    }
    if (failure !== undefined) log?.info({ source }, "public keys of tokens can be read again");
    failure = undefined;
    readAt = now();
  };
  const fail = (error: unknown): void => {
    if (failure === undefined) {
      const keptMs = keys ? Math.max(0, KEEP_MS - (now() - readAt)) : 0;
      log?.warn({ source, err: error, kept_s: Math.round(keptMs / 1_000) }, "public keys of tokens cannot be read");
    }
    failure = error;
    if (!keys || now() - readAt < KEEP_MS) return;
    keys = undefined;
    text = "";
    log?.warn({ source }, "no token is accepted any more: its public keys could not be read for too long");
  };
  const read = (): Promise<void> => {
    triedAt = now();
    reading ??= withTimeout(origin instanceof URL ? fetchPublicKeys(origin) : readPublicKeys(origin.file))
      .then(take)
      .catch(fail)
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  const present = (): PublicKeys => {
    if (keys) return keys;
    throw new Error(`the public keys at ${source} cannot be read`, { cause: failure });
  };
  const mayTry = (): boolean => now() - triedAt >= RETRY_MS;
  const fresh = (): PublicKeys | undefined => {
    const ageMs = now() - readAt;
    if (ageMs < REFRESH_MS) return keys;
    if (mayTry()) void read();
    return ageMs < (failure === undefined ? STALE_MS : KEEP_MS) ? keys : undefined;
  };
  return {
    fresh,
    async latest() {
      const usable = fresh();
      if (usable) return usable;
      if (reading) await reading;
      return present();
    },
    async renewed() {
      if (reading) await reading;
      else if (mayTry()) await read();
      return present();
    },
  };
}

function isFile(origin: { readonly file: string } | JSONWebKeySet): origin is { readonly file: string } {
  return "file" in origin && typeof origin.file === "string";
}

function fixedKeys(set: JSONWebKeySet): KeySource {
  const keys: PublicKeys = { find: createLocalJWKSet(set) };
  return { fresh: () => keys, latest: async () => keys, renewed: async () => keys };
}

/**
 * Limits the time of a read: otherwise a file on a network drive that does not answer would delay every
 * token.
 */
async function withTimeout(work: Promise<JSONWebKeySet>): Promise<JSONWebKeySet> {
  const timer = new AbortController();
  const late = pause(READ_TIMEOUT_MS, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new Error(`no answer within ${READ_TIMEOUT_MS} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

async function fetchPublicKeys(url: URL): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
  // Redirects are rejected: a redirect may lead from https to http.
  const answer = await fetch(url, { redirect: "error", signal, headers: { accept: "application/json" } });
  if (!answer.ok || !answer.body) throw new Error(`HTTP status ${answer.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`the answer is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return parsePublicKeys(Buffer.concat(chunks).toString("utf8"), url.href);
}
