import { randomUUID } from "node:crypto";
import type { AlertRules } from "@bellwether/config/alert-rules";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { route } from "@bellwether/mesh/route";
import { type RunningServer, startServer } from "@bellwether/mesh/serve";
import type { Logger } from "@bellwether/telemetry/logger";
import type { Telemetry } from "@bellwether/telemetry/start-telemetry";
import { batchHandlers } from "./rpc/batch.ts";
import { OPS_ERRORS } from "./rpc/error-codes.ts";
import { createChangeFeed } from "./store/change-feed.ts";
import { RUN_CHANNEL } from "./store/channels.ts";
import { openDatabase } from "./store/database.ts";
import { createTransact, findLatestRun, findRun, listRuns } from "./store/runs.ts";
import { writeChunk } from "./store/write-chunk.ts";

/** What ops-service is started with. */
export interface OpsServiceConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly ports: { readonly grpc: number; readonly web: number; readonly admin: number };
  /** A database of its own, with user and password. */
  readonly databaseUrl: string;
  readonly alertRules: AlertRules;
  readonly logger: Logger;
  /** Left out: no metrics and no spans. */
  readonly telemetry?: Telemetry;
  /** Default: the system's clock. */
  readonly now?: () => Date;
}

/** Opens the database, brings its tables up to date and serves. @throws StorageError or ListenError in one line */
export async function createOpsService(config: OpsServiceConfig): Promise<RunningServer> {
  const { host, ports, alertRules, logger, telemetry, now = () => new Date() } = config;
  const { db, sql, close } = await openDatabase(config.databaseUrl);
  const feed = createChangeFeed(sql);
  const newId = randomUUID;
  const transact = createTransact(db, { now, newId });
  try {
    const server = await startServer({
      name: "ops-service",
      host,
      ports,
      routes: [
        route(
          BatchService,
          batchHandlers({
            ...{ transact, now, newId, rules: alertRules },
            writeChunk: (lease, chunk) => writeChunk(sql, lease, chunk),
            findRun: (runId) => findRun(db, runId),
            findLatestRun: (which) => findLatestRun(db, which),
            listRuns: (limit, beforeId) => listRuns(db, limit, beforeId),
            watchRuns: (signal) => feed.watch(RUN_CHANNEL, signal),
          }),
        ),
      ],
      errors: OPS_ERRORS,
      logger,
      ...(telemetry && { telemetry }),
    });
    const stop = async (): Promise<void> => {
      await server.stop();
      await close();
    };
    return { addresses: server.addresses, setServing: server.setServing, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await close();
    throw error;
  }
}
