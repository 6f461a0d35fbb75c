import { parentPort, workerData } from "node:worker_threads";
import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { connectPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type ExportConfig, type PassStatus, runExports } from "./run-exports.ts";

/** The data with which start-exports.ts starts this thread. The data contain passwords and must never be logged. */
export interface ExportWorkerData {
  readonly databaseUrl: string;
  readonly config: ExportConfig;
}

/** A message from the thread. */
export type ExportWorkerMessage =
  | { readonly kind: "pass"; readonly status: PassStatus }
  | { readonly kind: "dropped"; readonly eventId: string; readonly reason: string };

const MAX_CONNECTIONS = 4;
const STATEMENT_TIMEOUT_MS = 30_000;
const CLOSE_MS = 1_000;

const send = (message: ExportWorkerMessage): void => parentPort?.postMessage(message);
const { databaseUrl, config } = workerData as ExportWorkerData;
const pool = connectPostgres(databaseUrl, {
  ...{ max: MAX_CONNECTIONS, applicationName: "ops-service-exports", statementTimeoutMs: STATEMENT_TIMEOUT_MS },
});
const exports = await runExports(config, {
  db: drizzle(pool),
  now: Date.now,
  onPass: (status) => send({ kind: "pass", status }),
  onDropped: (eventId, reason) => send({ kind: "dropped", eventId, reason }),
});
parentPort?.once("message", async () => {
  await exports[Symbol.asyncDispose]();
  await pool.close(CLOSE_MS);
  parentPort?.close();
});
