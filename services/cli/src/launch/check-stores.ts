import { type EnvSource, readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";

/**
 * Connects once to each store that the environment names. A store that does not answer is reported once,
 * before a model is trained; otherwise each service would report it. @throws EnvError, StorageError in one
 * line
 */
export async function checkStores(given: EnvSource): Promise<void> {
  const { databaseUrl, redisUrl } = readEnv(given, {
    databaseUrl: sharedEnv.databaseUrl,
    redisUrl: sharedEnv.redisUrl,
  });
  // The clients are loaded only when needed: most starts use the embedded database and name no store.
  if (databaseUrl !== null) {
    const { openPostgres } = await import("@bellwether/postgres/pool/open-postgres");
    await (await openPostgres(databaseUrl.reveal(), { max: 1 })).close();
  }
  if (redisUrl !== null) {
    const { openQueue } = await import("@bellwether/queue/open-queue");
    await (await openQueue(redisUrl.reveal())).close();
  }
}
