import path from "node:path";
import type { Secret } from "@bellwether/env/secret";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";

/** A database for the service. */
export interface ProvidedPostgres extends AsyncDisposable {
  readonly url: string;
  /** "given": an external server, which this process never stops. */
  readonly origin: "given" | "initialised" | "started" | "adopted";
  /** Stops the server if this process embeds it. */
  stop(): Promise<void>;
}

/**
 * Returns the database of DATABASE_URL, or an embedded server with its cluster in `dataDir`/postgres.
 * @throws StorageError with a one-line message
 */
export async function providePostgres(databaseUrl: Secret | null, dataDir: string): Promise<ProvidedPostgres> {
  if (!databaseUrl) return startEmbeddedPostgres({ dir: path.join(dataDir, "postgres") });
  const stop = (): Promise<void> => Promise.resolve();
  return { url: databaseUrl.reveal(), origin: "given", stop, [Symbol.asyncDispose]: stop };
}
