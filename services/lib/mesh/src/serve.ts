import type { Logger } from "@bellwether/telemetry/logger";
import type { Telemetry } from "@bellwether/telemetry/start-telemetry";
import { openAdminDoor } from "./admin-door.ts";
import { DEFAULT_DOOR_LIMITS, type DoorLimits } from "./door-limits.ts";
import { type ErrorTable, errorsByTable } from "./error-table.ts";
import { type Door, openGrpcDoor } from "./grpc-door.ts";
import { createHealthBoard } from "./health.ts";
import { type Address, addressText, type TlsMaterial } from "./listener.ts";
import { deadlinePolicy } from "./policies/deadline.ts";
import { telemetryPolicy } from "./policies/telemetry.ts";
import { validationPolicy } from "./policies/validation.ts";
import { chainPolicies } from "./policy.ts";
import { reflectionRoutes } from "./reflection.ts";
import { restHandler } from "./rest/rest-handler.ts";
import type { RestRoute } from "./rest/rest-route.ts";
import type { Route } from "./route.ts";
import { openWebDoor } from "./web-door.ts";
import type { WebHandler } from "./web-handler.ts";

/** What a service gives the mesh. */
export interface ServerOptions {
  /** The service's name in logs, for example "ml-service". */
  readonly name: string;
  /** Default "127.0.0.1". */
  readonly host?: string;
  /** One port per door; 0: any free one. */
  readonly ports: { readonly grpc: number; readonly web: number; readonly admin: number };
  /** What it serves, at both doors. Health and reflection are added. */
  readonly routes: readonly Route[];
  /** The code of each of its error classes. */
  readonly errors: ErrorTable;
  readonly logger: Logger;
  /** Whether it wants traffic from the start. Default true; false until `setServing("", true)`. */
  readonly serving?: boolean;
  /** Plain HTTP paths over the same handlers, at the web door. */
  readonly rest?: readonly RestRoute[];
  /** What else the web door answers when no RPC and no REST path fits, for example the files of a page. */
  readonly webHandlers?: readonly WebHandler[];
  readonly tls?: TlsMaterial;
  readonly limits?: Partial<DoorLimits>;
  /** From `startTelemetry`. Left out: no traces, and an empty /metrics. */
  readonly telemetry?: Pick<Telemetry, "sampleRatio" | "metricsText">;
}

/** A server that answers. */
export interface RunningServer extends AsyncDisposable {
  readonly addresses: { readonly grpc: Address; readonly web: Address; readonly admin: Address };
  /** Says whether a service ("" is the whole server) wants traffic: health checks and /readyz tell it on. */
  setServing(service: string, serving: boolean): void;
  /** NOT_SERVING, GOAWAY, calls in flight end, at most 10 s. Safe to call twice. */
  stop(): Promise<void>;
}

/** How long calls in flight may take to end at a stop. */
const DRAIN_MS = 10_000;

/** Opens the three doors of a service. @throws ListenError, or Error for a contract that contradicts itself */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { logger, host = "127.0.0.1", ports } = options;
  const limits = { ...DEFAULT_DOOR_LIMITS, ...options.limits };
  const health = createHealthBoard(
    options.routes.map(({ service }) => service.typeName),
    options.serving ?? true,
  );
  const served = [...options.routes, health.route];
  const routes = [...served, ...reflectionRoutes(served.map(({ service }) => service))];
  const chain = chainPolicies(
    [telemetryPolicy(options.telemetry?.sampleRatio ?? 0), deadlinePolicy(), validationPolicy()],
    errorsByTable(options.errors, ({ method, error }) => logger.error({ method, err: error }, "call failed")),
  );
  const metricsText = options.telemetry?.metricsText ?? (() => Promise.resolve(""));

  const doors: Door[] = [];
  const open = async (door: Promise<Door>): Promise<Address> => {
    doors.push(await door);
    return (await door).address;
  };
  const closeAll = (graceMs: number) => Promise.all(doors.map((door) => door.drain(graceMs)));
  try {
    const grpc = await open(
      openGrpcDoor({
        address: { host, port: ports.grpc },
        routes,
        chain,
        limits,
        ...(options.tls && { tls: options.tls }),
      }),
    );
    const web = await open(
      openWebDoor({
        address: { host, port: ports.web },
        routes,
        chain,
        limits,
        before: [restHandler(options.rest ?? [], routes, chain)],
        after: options.webHandlers ?? [],
      }),
    );
    const admin = await open(
      openAdminDoor({
        address: { host, port: ports.admin },
        limits,
        isReady: () => health.isServing(""),
        metricsText,
      }),
    );
    logger.info({ grpc: addressText(grpc), web: addressText(web), admin: addressText(admin) }, "listening");
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => {
      stopping ??= (async () => {
        health.setServing("", false);
        await closeAll(DRAIN_MS);
        logger.info("stopped");
      })();
      return stopping;
    };
    return {
      addresses: { grpc, web, admin },
      setServing: health.setServing,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await closeAll(0);
    throw error;
  }
}
