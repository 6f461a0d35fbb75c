import type { RunningServer } from "./start-server.ts";

/**
 * Tells the process that started this one, and waits, where the service listens; calls `stop` when that one is gone, however it went:
 * a service must not outlive it. Nothing happens in a service that nobody waits for.
 */
export function notifyParent({ addresses }: Pick<RunningServer, "addresses">, stop: () => void): void {
  if (!process.send) return;
  // It went while this one loaded.
  if (!process.connected) {
    stop();
    return;
  }
  process.once("disconnect", stop);
  // One that goes in this moment is told of by "disconnect".
  process.send({ addresses }, () => {});
}
