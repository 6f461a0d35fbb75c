import { timingSafeEqual } from "node:crypto";
import { Code, type ConnectError } from "@connectrpc/connect";
import type { Caller, RoleName } from "../call/caller.ts";
import type { SupplierScope } from "../call/supplier-scope.ts";
import { rpcError } from "../errors/rpc-error.ts";
import { isKeyForm, KEY_MARK, keyHash, keyPrefix } from "./api-key-hash.ts";
import { bearerToken, type CredentialSource } from "./credential-source.ts";
import { createKeyWatches, keyExpired, keyInvalid } from "./key-watches.ts";

/** An API key that is accepted, without its secret. */
export interface AcceptedKey {
  readonly id: string;
  readonly name: string;
  /** First characters of the key, see `keyPrefix`. */
  readonly prefix: string;
  /** SHA-256 of the whole key, 32 bytes. */
  readonly sha256: Uint8Array;
  readonly role: RoleName;
  /** The suppliers that callers with the key see. Undefined: all. */
  readonly scope?: SupplierScope | undefined;
  /** Time from which the key is not accepted, epoch milliseconds. */
  readonly expiresAtMs: number;
}

/** The latest use of a key. */
export interface KeyUse {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly usedAtMs: number;
}

/** The API keys that a server accepts, as it last received them. */
export interface ApiKeyList extends CredentialSource {
  /** Replaces the whole list, which was received now. The open watches of keys that left it end. */
  replace(keys: readonly AcceptedKey[]): void;
  /** Reports that the list is still the newest one. */
  confirm(): void;
  /**
   * Returns the caller whom a key identifies. Undefined: the text is not an API key.
   * @throws ConnectError UNAUTHENTICATED for a key that is not accepted, UNAVAILABLE when the list is too old
   */
  verify(text: string): Caller | undefined;
  /** Returns the latest use of each key since the previous call of this function. */
  takeUses(): readonly KeyUse[];
}

export interface ApiKeyListOptions {
  /** The list is used for this time after it was last received or confirmed, milliseconds. */
  readonly holdMs: number;
  /** Returns the time of a monotonic clock, milliseconds. */
  readonly monotonicMs?: () => number;
  /** Returns the current time, epoch milliseconds. */
  readonly now?: () => number;
}

/** Maximum number of keys in a list. */
export const MAX_API_KEYS = 1_000;

/** Creates an empty list: until the first `replace`, API keys are rejected with KEYS_UNAVAILABLE. */
export function createApiKeyList(options: ApiKeyListOptions): ApiKeyList {
  const { holdMs, monotonicMs = () => performance.now(), now = Date.now } = options;
  let keys: ReadonlyMap<string, AcceptedKey> | undefined;
  let receivedAt = Number.NEGATIVE_INFINITY;
  const uses = new Map<string, number>();
  const watches = createKeyWatches(now);

  const accept = (text: string): AcceptedKey | undefined => {
    if (!text.startsWith(KEY_MARK)) return undefined;
    if (!keys || monotonicMs() - receivedAt > holdMs) throw unavailable();
    const given = keyHash(text);
    const key = isKeyForm(text) ? keys.get(keyPrefix(text)) : undefined;
    // An unknown key is compared too, so that the time of the answer does not reveal which prefixes exist.
    const isSame = timingSafeEqual(given, key?.sha256 ?? new Uint8Array(given.length));
    if (!key || !isSame) throw keyInvalid();
    if (now() >= key.expiresAtMs) throw keyExpired(key.name);
    uses.set(key.id, now());
    return key;
  };
  return {
    verify(text) {
      const key = accept(text);
      return key && callerWithKey(key);
    },
    identify(call) {
      const token = bearerToken(call);
      const key = token === undefined ? undefined : accept(token);
      if (key && call.bound.limits.openEnded) watches.add(call, key);
      return key && callerWithKey(key);
    },
    close: watches.remove,
    replace(received) {
      keys = new Map(received.slice(0, MAX_API_KEYS).map((key) => [key.prefix, key]));
      const ids = new Set([...keys.values()].map(({ id }) => id));
      for (const id of uses.keys()) if (!ids.has(id)) uses.delete(id);
      receivedAt = monotonicMs();
      watches.keep(ids);
    },
    confirm() {
      if (keys) receivedAt = monotonicMs();
    },
    takeUses() {
      const taken = [...uses].map(([id, usedAtMs]) => ({ id, usedAtMs }));
      uses.clear();
      return taken;
    },
  };
}

function unavailable(): ConnectError {
  const message = "API keys cannot be verified: ops-service, which lists them, has not answered for too long";
  return rpcError(Code.Unavailable, "KEYS_UNAVAILABLE", message, { retryAfterMs: 1_000 });
}

function callerWithKey({ name, role, scope, expiresAtMs }: AcceptedKey): Caller {
  return { subject: `key:${name}`, roles: new Set([role]), ...(scope && { scope }), via: "key", expiresAtMs };
}
