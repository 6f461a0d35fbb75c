import { probePostgres } from "@bellwether/postgres/watch/watch-postgres";
import { type StoreProbe, type WatchTimes, watchStore } from "@bellwether/postgres/watch/watch-store";
import { Redis } from "ioredis";
import { probeWrite } from "./redis-write-probe.ts";

/**
 * Watches whether the store of `openQueue`'s jobs, Redis or PostgreSQL, answers and accepts writes; reports
 * as `watchStore` does.
 */
export function watchQueue(
  url: string,
  changed: (usable: boolean, reason: string) => void,
  times?: WatchTimes,
): AsyncDisposable {
  const probe = /^rediss?:/.test(url) ? probeRedis : probePostgres;
  return watchStore(() => probe(url), changed, times);
}

function probeRedis(url: string): StoreProbe {
  // A broken connection is not reconnected: the next probe opens a new one.
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on("error", () => {});
  return {
    ask: () => probeWrite(redis),
    async close() {
      redis.disconnect();
    },
  };
}
