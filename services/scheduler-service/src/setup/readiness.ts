import type { RunningServer } from "@bellwether/mesh/server/start-server";
import type { Logger } from "@bellwether/telemetry/logger";

/** What the service needs to do its work. */
export type Need = "store" | "schedule" | "disk";

/** Whether the service is ready: while nothing that it needs is amiss. */
export interface Readiness {
  /** @param reason one line for people; null: it is as it should be */
  set(need: Need, reason: string | null): void;
  /** Reports to this server from now on. */
  report(server: Pick<RunningServer, "setServing">): void;
}

/** Logs every change, and reports all reasons together at /readyz. */
export function createReadiness(logger: Pick<Logger, "info" | "warn">): Readiness {
  const reasons = new Map<Need, string>();
  let server: Pick<RunningServer, "setServing"> | undefined;
  const send = (): void => server?.setServing("", reasons.size === 0, [...reasons.values()].join("; "));
  return {
    set(need, reason) {
      if ((reasons.get(need) ?? null) === reason) return;
      if (reason === null) reasons.delete(need);
      else reasons.set(need, reason);
      if (reason !== null) logger.warn(`not ready: ${reason}`);
      else if (reasons.size === 0) logger.info("ready again");
      send();
    },
    report(running) {
      server = running;
      send();
    },
  };
}
