import { setTimeout as delay } from "node:timers/promises";
import type { AcceptedKey, ApiKeyList, KeyUse } from "@bellwether/mesh/auth/api-key-list";
import type { ApiKey } from "../domain/access/api-key.ts";
import type { AnnouncedChange } from "../domain/alerts/announced-change.ts";

export interface ApiKeyFeedOptions {
  /** Receives the keys. */
  readonly list: ApiKeyList;
  readonly loadKeys: () => Promise<readonly ApiKey[]>;
  /** Streams changes of keys. @throws when the database does not answer */
  readonly watchKeys: (signal: AbortSignal) => Promise<AsyncIterable<AnnouncedChange>>;
  readonly recordUses: (uses: readonly KeyUse[]) => Promise<void>;
  /** Called once per outage. */
  readonly onOutage: (error: unknown) => void;
  /** The keys are read again after this time even without a change. Default 10 s. */
  readonly everyMs?: number;
  /** Interval at which uses are recorded. Default one minute. */
  readonly recordMs?: number;
}

/** The API keys of the database. */
export interface ApiKeyFeed extends AsyncDisposable {
  /** Reads the keys again, so that this replica has a change that was just made. */
  refresh(): Promise<void>;
  /** Records the uses that this replica has not recorded yet, which it otherwise does once a minute. */
  recordUses(): Promise<void>;
  /** Streams the accepted keys: at once, and after each change, until the signal is aborted. */
  lists(signal: AbortSignal): AsyncIterable<readonly AcceptedKey[]>;
}

const RETRY_MS = 500;
const EVERY_MS = 10_000;
const RECORD_MS = 60_000;

/** Keeps the list of API keys equal to the database: by notifications, and by reading it again. */
export function startApiKeyFeed(options: ApiKeyFeedOptions): ApiKeyFeed {
  const { list, loadKeys, watchKeys, recordUses, onOutage, everyMs = EVERY_MS, recordMs = RECORD_MS } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  let current: readonly AcceptedKey[] | undefined;
  let text = "";
  let changed = Promise.withResolvers<void>();
  let isOut = false;
  let reads = 0;
  let newest: Promise<void> = Promise.resolve();

  const refresh = (): Promise<void> => {
    newest = read(++reads);
    return newest;
  };
  const read = async (number: number): Promise<void> => {
    const keys = (await loadKeys()).map(acceptedFrom);
    isOut = false;
    // A read that began later has a newer list.
    if (number !== reads) return newest;
    list.replace(keys);
    const next = JSON.stringify(keys.map(({ id, expiresAtMs }) => [id, expiresAtMs]));
    if (current !== undefined && next === text) return;
    current = keys;
    text = next;
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const fail = (error: unknown): void => {
    if (!isOut && !signal.aborted) onOutage(error);
    isOut = true;
  };
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const changes = await watchKeys(signal);
        await refresh();
        for await (const _ of changes) await refresh();
      } catch (error) {
        fail(error);
      }
      await delay(RETRY_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  };
  const repeat = async (work: () => Promise<void>, ms: number): Promise<void> => {
    while (!signal.aborted) {
      await delay(ms, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted) await work().catch(fail);
    }
  };
  const record = async (): Promise<void> => {
    const uses = list.takeUses();
    if (uses.length > 0) await recordUses(uses);
  };
  const running = Promise.all([follow(), repeat(refresh, everyMs), repeat(record, recordMs)]);
  return {
    refresh,
    recordUses: () => record().catch(fail),
    async *lists(reader) {
      const ended = new Promise<void>((resolve) => reader.addEventListener("abort", () => resolve(), { once: true }));
      let sent: readonly AcceptedKey[] | undefined;
      while (!reader.aborted) {
        const next = changed.promise;
        if (current !== undefined && current !== sent) {
          sent = current;
          yield current;
        } else await Promise.race([next, ended]);
      }
    },
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await running;
      await record().catch(() => {});
    },
  };
}

function acceptedFrom({ id, name, prefix, hash, role, scope, expiresAt }: ApiKey): AcceptedKey {
  return {
    id,
    name,
    prefix,
    role,
    scope: scope ?? undefined,
    sha256: Buffer.from(hash, "hex"),
    expiresAtMs: expiresAt.getTime(),
  };
}
