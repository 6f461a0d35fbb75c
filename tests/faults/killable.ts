import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@bellwether/postgres/embedded/embedded-postgres";
import { type ServiceName, type ServiceProcess, startService } from "@bellwether/testing/service-process";

/** Time after which a process that does not start again ends the scenario. */
export const GIVE_UP_MS = 180_000;

/** A process that is killed, and started again by the kill. */
export interface Killable {
  /** URL of the gRPC listener, or of the database. It stays the same. */
  readonly url: string;
  kill(): Promise<void>;
  /** Waits until the process runs again after the last kill. */
  ready(): Promise<void>;
}

/** Starts a service. After a kill it starts on the same port. */
export async function startKillable(
  stack: AsyncDisposableStack,
  name: ServiceName,
  env: Readonly<Record<string, string>>,
): Promise<Killable> {
  let running: ServiceProcess = await startService(name, env);
  const url = running.grpc;
  const portOf = `${name.toUpperCase().replace("-", "_")}_GRPC_PORT`;
  const sameEnv = { ...env, [portOf]: new URL(url).port };
  let starting = Promise.resolve();
  const startAgain = async (): Promise<void> => {
    for (const until = performance.now() + GIVE_UP_MS; ; ) {
      try {
        running = await startService(name, sameEnv, { stdout: "ignore" });
        return;
      } catch (error) {
        // PostgreSQL may have been killed meanwhile.
        if (performance.now() > until) throw error;
        await delay(200);
      }
    }
  };
  stack.defer(async () => {
    await starting.catch(() => {});
    await running.kill();
  });
  return {
    url,
    ready: () => starting,
    async kill() {
      await starting;
      await running.kill();
      starting = startAgain();
      starting.catch(() => {});
    },
  };
}

/** A PostgreSQL server that is killed with all its processes, and started again by the kill. */
export interface KillablePostgres extends Killable {
  readonly stop: () => Promise<void>;
}

/** Starts PostgreSQL in an empty folder. */
export async function startKillablePostgres(dir: string): Promise<KillablePostgres> {
  let server: EmbeddedPostgres = await startEmbeddedPostgres({ dir, settings: { max_wal_size: "256MB" } });
  const { url } = server;
  const port = Number(new URL(url).port);
  let starting = Promise.resolve();
  return {
    url,
    ready: () => starting,
    async kill() {
      await starting;
      const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").trim().split(" ");
      for (const pid of [server.pid, ...children.filter(Boolean).map(Number)]) kill(pid);
      starting = startEmbeddedPostgres({ dir, port }).then((started) => {
        server = started;
      });
      starting.catch(() => {});
    },
    async stop() {
      await starting;
      await server.stop();
    },
  };
}

/** A child may have ended by itself. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {}
}
