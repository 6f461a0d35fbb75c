import { EventEmitter, on } from "node:events";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@bellwether/gen/grpc/health/v1/health_pb";
import { Code } from "@connectrpc/connect";
import { type Route, route } from "../call/route.ts";
import { rpcError } from "../errors/rpc-error.ts";
import { repeatWhenIdle } from "./stream-keepalive.ts";

/** A server's health, reported by grpc.health.v1 and on the admin listener. */
export interface HealthBoard {
  readonly route: Route;
  /**
   * Sets the health of a service; "" is the whole server. While the whole server is NOT_SERVING, all its
   * services are. `details` says why it is NOT_SERVING, or facts about a server that is SERVING: a line or two for
   * people, shown at /readyz.
   * @throws Error for a service that the server does not have
   */
  setServing(service: string, serving: boolean, details?: string): void;
  isServing(service: string): boolean;
  /** Returns the details of the whole server; empty when none were given. */
  details(): string;
}

/**
 * Keeps the health of a server's services (proto type names) and of the whole server, "". Every service is
 * SERVING from the start; the whole server is when `serving` is true. A watch that has sent nothing for
 * `repeatMs` sends the current status again, so that proxies do not treat it as idle. An empty message would
 * mean the status UNKNOWN.
 */
export function createHealthBoard(
  services: readonly string[],
  serving: boolean,
  repeatMs = Number.POSITIVE_INFINITY,
): HealthBoard {
  const own = new Map([["", serving], ...services.map((name): [string, boolean] => [name, true])]);
  const knownServices = (): string => services.join(", ") || "none";
  let shown = "";
  const changes = new EventEmitter().setMaxListeners(0);
  const isServing = (service: string): boolean => own.get("") === true && own.get(service) === true;
  const statusOf = (service: string): Status => {
    if (!own.has(service)) return Status.SERVICE_UNKNOWN;
    return isServing(service) ? Status.SERVING : Status.NOT_SERVING;
  };

  async function* watch(service: string, signal: AbortSignal) {
    // Listening starts before the first answer: a change while that answer is written must not be lost.
    const changed = on(changes, "change", { signal });
    let sent = statusOf(service);
    yield { status: sent };
    for await (const _ of changed) {
      const status = statusOf(service);
      if (status !== sent) yield { status };
      sent = status;
    }
  }

  return {
    isServing,
    details: () => shown,
    setServing(service, now, details = "") {
      if (!own.has(service)) throw new Error(`this server has no service "${service}"; it has ${knownServices()}`);
      own.set(service, now);
      if (service === "") shown = details;
      changes.emit("change");
    },
    route: route(Health, {
      check({ service }) {
        const status = statusOf(service);
        if (status !== Status.SERVICE_UNKNOWN) return { status };
        throw rpcError(
          Code.NotFound,
          "UNKNOWN_SERVICE",
          `this server has no service "${service}"; it has ${knownServices()}`,
        );
      },
      watch: ({ service }, { signal }) =>
        repeatMs === Number.POSITIVE_INFINITY
          ? watch(service, signal)
          : repeatWhenIdle(watch(service, signal), () => ({ status: statusOf(service) }), repeatMs),
      list: () => ({
        statuses: Object.fromEntries([...own.keys()].map((service) => [service, { status: statusOf(service) }])),
      }),
    }),
  };
}
