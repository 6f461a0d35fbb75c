import path from "node:path";
import type { Secret } from "@bellwether/env/secret";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";

/** A database to use. */
export interface ProvidedPostgres extends AsyncDisposable {
  readonly url: string;
  /** "given": somebody else's server, which is never stopped. */
  readonly origin: "given" | "initialised" | "started" | "adopted";
  /** Stops the server if it is our own. */
  stop(): Promise<void>;
}

/**
 * The database of DATABASE_URL, or an embedded server with its cluster in `dataDir`/postgres.
 * @throws StorageError in one line
 */
export async function providePostgres(databaseUrl: Secret | null, dataDir: string): Promise<ProvidedPostgres> {
  if (!databaseUrl) return startEmbeddedPostgres({ dir: path.join(dataDir, "postgres") });
  const stop = (): Promise<void> => Promise.resolve();
  return { url: databaseUrl.reveal(), origin: "given", stop, [Symbol.asyncDispose]: stop };
}
