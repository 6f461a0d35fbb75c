import { type EnvSource, readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";

/**
 * Proves that the stores which the environment names answer: told once and before a model is trained, where each service would say it
 * for itself. @throws EnvError, StorageError in one line
 */
export async function checkStores(given: EnvSource): Promise<void> {
  const { databaseUrl, redisUrl } = readEnv(given, {
    databaseUrl: sharedEnv.databaseUrl,
    redisUrl: sharedEnv.redisUrl,
  });
  // Loaded where they are wanted: most starts bring their own database and name none.
  if (databaseUrl !== null) {
    const { openPostgres } = await import("@bellwether/postgres/pool/open-postgres");
    await (await openPostgres(databaseUrl.reveal(), { max: 1 })).close();
  }
  if (redisUrl !== null) {
    const { openQueue } = await import("@bellwether/queue/open-queue");
    await (await openQueue(redisUrl.reveal())).close();
  }
}
