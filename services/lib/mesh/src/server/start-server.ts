import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@bellwether/telemetry/logger";
import type { Telemetry } from "@bellwether/telemetry/start-telemetry";
import type { DescMethod } from "@bufbuild/protobuf";
import { requiredRoles } from "../auth/roles.ts";
import { callLimits, JSON_OVERHEAD } from "../call/call-limits.ts";
import { chainPolicies, type Policy } from "../call/policy.ts";
import type { Route } from "../call/route.ts";
import { type ErrorTable, errorsByTable } from "../errors/error-table.ts";
import { openGrpcListener } from "../grpc/grpc-listener.ts";
import { type Address, addressText, isLoopback, type TlsMaterial } from "../listener/listen.ts";
import type { Listener } from "../listener/listener.ts";
import { DEFAULT_LISTENER_LIMITS, type ListenerLimits } from "../listener/listener-limits.ts";
import { type AdmissionLimits, admissionPolicy, DEFAULT_ADMISSION } from "../policies/admission.ts";
import { reportAdmission } from "../policies/admission-metrics.ts";
import { anonymousPolicy } from "../policies/anonymous.ts";
import type { AuthSettings } from "../policies/authentication.ts";
import { deadlinePolicy } from "../policies/deadline.ts";
import { openEndedPolicy } from "../policies/open-ended.ts";
import { DEFAULT_PROBE_STREAMS, type ProbeStreamLimits, probeStreamPolicy } from "../policies/probe-streams.ts";
import { DEFAULT_REQUEST_MEMORY, type RequestMemoryLimits, requestMemoryPolicy } from "../policies/request-memory.ts";
import { callerTracePolicy, telemetryPolicy } from "../policies/telemetry.ts";
import { trafficPolicy } from "../policies/traffic.ts";
import { validationPolicy } from "../policies/validation.ts";
import { restHandler } from "../rest/rest-handler.ts";
import type { RestRoute } from "../rest/rest-route.ts";
import { hostsWithoutAuthentication, type WebGuardOptions, webGuard } from "../web/web-guard.ts";
import type { WebHandler } from "../web/web-handler.ts";
import { openWebListener } from "../web/web-listener.ts";
import { openAdminListener } from "./admin-listener.ts";
import { createHealthBoard } from "./health.ts";
import { yieldToServing } from "./helper-threads.ts";
import { reflectionRoutes } from "./reflection.ts";
import { keepStreamsAlive } from "./stream-keepalive.ts";

/** What a service gives the mesh. */
export interface ServerOptions {
  /** The service's name in logs, for example "ml-service". */
  readonly name: string;
  /** Default "127.0.0.1". */
  readonly host?: string;
  /** One port per listener; 0: any free one. */
  readonly ports: { readonly grpc: number; readonly web: number; readonly admin: number };
  /** What it serves, at both listeners. Health and reflection are added. */
  readonly routes: readonly Route[];
  /** The code of each of its error classes. */
  readonly errors: ErrorTable;
  /** Gives a driver's error the class that it has in `errors`; anything else comes back as it is. */
  readonly translateError?: (error: unknown) => unknown;
  readonly logger: Logger;
  /** Whether it wants traffic from the start. Default true; false until `setServing("", true)`. */
  readonly serving?: boolean;
  /** Plain HTTP paths over the same handlers, at the web listener. */
  readonly rest?: readonly RestRoute[];
  /**
   * What RPCs in JSON do with fields, enum names and query parameters that the contract does not know. Default "reject", with the
   * field and the allowed names; "ignore" is the protocol's own default.
   */
  readonly unknownFields?: "reject" | "ignore";
  /** What else the web listener answers when no RPC and no REST path fits, for example the files of a page. */
  readonly webHandlers?: readonly WebHandler[];
  /** Browsers' origins and host names that the web listener takes. */
  readonly web?: Partial<WebGuardOptions>;
  /** Who may call. Left out: everybody may do everything, which is allowed on loopback only. */
  readonly auth?: AuthSettings;
  readonly tls?: TlsMaterial;
  readonly limits?: Partial<ListenerLimits>;
  readonly admission?: Partial<AdmissionLimits>;
  /** Streams of health and reflection. */
  readonly probeStreams?: Partial<ProbeStreamLimits>;
  /** Requests of calls that have no slot yet. Default: 32 MiB together, 32 MiB a connection, more where one request may be larger. */
  readonly requestMemory?: Partial<Omit<RequestMemoryLimits, "bodyTimeoutMs">>;
  /** The service's own, before all others: they see every call and every end. */
  readonly policies?: readonly Policy[];
  /** How long calls in flight may take to end at a stop. Default 10 s. */
  readonly drainMs?: number;
  /** From `startTelemetry`. Left out: no traces, and an empty /metrics. */
  readonly telemetry?: Pick<Telemetry, "sampleRatio" | "metricsText">;
}

/** A server that answers. */
export interface RunningServer extends AsyncDisposable {
  readonly addresses: { readonly grpc: Address; readonly web: Address; readonly admin: Address };
  /** Says whether a service ("" is the whole server) wants traffic, and why not: health checks and /readyz report it. */
  setServing(service: string, serving: boolean, reason?: string): void;
  /** NOT_SERVING, GOAWAY, calls in flight end, for at most `drainMs`. Safe to call twice. */
  stop(): Promise<void>;
}

/** A server that others can reach must know who calls. */
export class AuthenticationRequiredError extends Error {
  override readonly name = "AuthenticationRequiredError" as const;

  constructor(name: string, host: string) {
    super(`${name} would listen on ${host} without authentication: set it up, or listen on 127.0.0.1`);
  }
}

/** A bearer token that travels in clear text can be read and used by whoever sees it. */
export class CleartextTokensError extends Error {
  override readonly name = "CleartextTokensError" as const;

  constructor(name: string, host: string) {
    super(
      `${name} would take bearer tokens in clear text on ${host}: set BELLWETHER_TLS_CERT and BELLWETHER_TLS_KEY, listen on 127.0.0.1, ` +
        "or set BELLWETHER_AUTH_ALLOW_CLEARTEXT=true where a proxy in front ends TLS",
    );
  }
}

/** For what is counted besides the largest request itself. */
const MEMORY_MARGIN_BYTES = 1024 * 1024;
const DRAIN_MS = 10_000;
/** Clients that watch the health have heard when no call has come for so long. */
const QUIET_MS = 100;
/** Others send on until they are told to go: they are not waited for. */
const LAME_DUCK_MS = 2_000;

/** Opens the three listeners of a service. @throws ListenError, MissingRoleError, AuthenticationRequiredError, CleartextTokensError */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { name, logger, host = "127.0.0.1", ports, auth, rest = [] } = options;
  if (!auth && !isLoopback(host)) throw new AuthenticationRequiredError(name, host);
  if (auth?.tokens && !auth.allowCleartext && !options.tls && !isLoopback(host))
    throw new CleartextTokensError(name, host);
  const limits = { ...DEFAULT_LISTENER_LIMITS, ...options.limits };
  const health = createHealthBoard(
    options.routes.map(({ service }) => service.typeName),
    options.serving ?? true,
    limits.watchKeepaliveMs,
  );
  const served = [...options.routes, health.route];
  const routes = [
    ...keepStreamsAlive(served, limits.watchKeepaliveMs),
    ...reflectionRoutes(served.map(({ service }) => service)),
  ];
  const errors = errorsByTable(
    options.errors,
    ({ method, error }) => logger.error({ method, err: error }, "call failed"),
    options.translateError,
  );
  const watches = openEndedPolicy(limits.maxWatches);
  const traffic = trafficPolicy();
  const counters = [watches, traffic];
  const admission = admissionPolicy({ ...DEFAULT_ADMISSION, ...options.admission }, yieldToServing);
  const chain = chainPolicies(
    [...(options.policies ?? []), ...(await policies(options, routes, counters, admission))],
    errors,
  );
  const guard = webGuard({
    allowedOrigins: options.web?.allowedOrigins ?? [],
    headers: options.web?.headers ?? [],
    ...(options.web?.requestHeaders && { requestHeaders: options.web.requestHeaders }),
    allowedHosts: options.web?.allowedHosts ?? (auth ? undefined : hostsWithoutAuthentication(host)),
  });
  const onThrow = (error: unknown): void => logger.error({ err: error }, "a request could not be answered");
  const before = [guard, restHandler(rest, routes, chain, onThrow)];
  const after = options.webHandlers ?? [];
  const metricsText = options.telemetry?.metricsText ?? (() => Promise.resolve(""));
  const strict = options.unknownFields !== "ignore";
  const isReady = (): boolean => health.isServing("");
  const tls = options.tls ? { tls: options.tls } : {};
  const onUnsent = (path: string, reason: unknown): void =>
    logger.debug({ path, err: reason }, "answer could not be sent");

  const listeners: Listener[] = [];
  const opened = async (opening: Promise<Listener>): Promise<Address> => {
    const listener = await opening;
    listeners.push(listener);
    return listener.address;
  };
  const endReports = reportAdmission(admission.load);
  const closeAll = (graceMs: number) =>
    Promise.all(listeners.map((listener) => listener.drain(graceMs))).finally(endReports);
  try {
    const at = (port: number): Address => ({ host, port });
    const grpc = await opened(
      openGrpcListener({ address: at(ports.grpc), routes, chain, limits, onAged: watches.endOn, onThrow, ...tls }),
    );
    const web = await opened(
      openWebListener({
        address: at(ports.web),
        routes,
        chain,
        limits,
        before,
        after,
        strict,
        onUnsent,
        onAged: watches.endOn,
        onThrow,
        ...tls,
      }),
    );
    const admin = await opened(
      openAdminListener({ address: at(ports.admin), limits, isReady, whyNot: health.whyNot, metricsText, onThrow }),
    );
    const addresses = { grpc, web, admin };
    logger.info({ grpc: addressText(grpc), web: addressText(web), admin: addressText(admin) }, "listening");
    if (!auth) logger.warn("authentication is off: every process of this machine may do everything");

    const drainAll = async (): Promise<void> => {
      const drainMs = options.drainMs ?? DRAIN_MS;
      const began = performance.now();
      health.setServing("", false);
      // Clients that watch the health get to look elsewhere before the connection goes.
      const lameDuckMs = Math.min(LAME_DUCK_MS, drainMs / 4);
      if (watches.count() > 0) await delay(Math.min(QUIET_MS, lameDuckMs));
      await traffic.ended(QUIET_MS, lameDuckMs);
      const closed = closeAll(drainMs - (performance.now() - began));
      watches.endAll();
      await closed;
      logger.info("stopped");
    };
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => {
      stopping ??= drainAll();
      return stopping;
    };
    return { addresses, setServing: health.setServing, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await closeAll(0);
    throw error;
  }
}

/**
 * The chain, in order: telemetry sees every end, what is shed costs nothing more, a late or unknown caller costs no slot, only what
 * has a slot is validated.
 */
async function policies(
  options: ServerOptions,
  routes: readonly Route[],
  counters: readonly Policy[],
  admission: Policy,
): Promise<Policy[]> {
  const { auth, probeStreams, telemetry, logger, rest = [] } = options;
  const mounted = routes.flatMap(({ methods }) => methods.map(({ method }) => method));
  const methods = [...new Set([...mounted, ...rest.map(({ rpc }) => rpc)])];
  const roles = requiredRoles(methods);
  return [
    telemetryPolicy(telemetry?.sampleRatio ?? 0, auth === undefined),
    ...counters,
    probeStreamPolicy({ ...DEFAULT_PROBE_STREAMS, ...probeStreams }),
    admission,
    requestMemoryPolicy(requestMemoryLimits(options, methods)),
    deadlinePolicy(),
    ...(auth ? [await authentication(auth, roles, logger), callerTracePolicy()] : [anonymousPolicy()]),
    validationPolicy(methods),
  ];
}

/** A connection can bring the largest request there is, as JSON too. */
function requestMemoryLimits(options: ServerOptions, methods: readonly DescMethod[]): RequestMemoryLimits {
  const largest = Math.max(0, ...methods.map((method) => callLimits(method).maxRequestBytes)) * JSON_OVERHEAD;
  const least = largest + MEMORY_MARGIN_BYTES;
  const { processBytes, connectionBytes } = DEFAULT_REQUEST_MEMORY;
  return {
    processBytes: Math.max(processBytes, least),
    connectionBytes: Math.max(connectionBytes, least),
    bodyTimeoutMs: options.limits?.bodyTimeoutMs ?? DEFAULT_LISTENER_LIMITS.bodyTimeoutMs,
    ...options.requestMemory,
  };
}

/** What checks tokens is loaded by a server that asks for them: some fifty modules of eight hundred. */
async function authentication(
  auth: AuthSettings,
  roles: ReturnType<typeof requiredRoles>,
  logger: Logger,
): Promise<Policy> {
  const { authenticationPolicy } = await import("../policies/authentication.ts");
  return authenticationPolicy(auth, roles, logger);
}
