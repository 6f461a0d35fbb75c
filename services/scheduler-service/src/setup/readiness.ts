import type { RunningServer } from "@bellwether/mesh/server/start-server";
import type { Logger } from "@bellwether/telemetry/logger";

/** Dependencies without which the service is not ready. */
export type Need = "store" | "schedule" | `schedule ${string}` | "disk";

/** Readiness of the service: it is ready when no dependency has a reason against it. */
export interface Readiness {
  /** @param reason why the dependency cannot be used, one line; null when it can */
  set(need: Need, reason: string | null): void;
  /** @param text facts that do not decide about the readiness, a line for each model, shown after the state */
  note(text: string): void;
  /** Sets the server whose readiness is changed from now on. */
  report(server: Pick<RunningServer, "setServing">): void;
}

/** Logs every change, and reports all reasons together at /readyz. */
export function createReadiness(logger: Pick<Logger, "info" | "warn">): Readiness {
  const reasons = new Map<Need, string>();
  let server: Pick<RunningServer, "setServing"> | undefined;
  let facts = "";
  const send = (): void => {
    const lines = [[...reasons.values()].join("; "), facts].filter((line) => line !== "");
    server?.setServing("", reasons.size === 0, lines.join("\n"));
  };
  return {
    set(need, reason) {
      if ((reasons.get(need) ?? null) === reason) return;
      if (reason === null) reasons.delete(need);
      else reasons.set(need, reason);
      if (reason !== null) logger.warn(`not ready: ${reason}`);
      else if (reasons.size === 0) logger.info("ready again");
      send();
    },
    note(text) {
      if (facts === text) return;
      facts = text;
      send();
    },
    report(running) {
      server = running;
      send();
    },
  };
}
