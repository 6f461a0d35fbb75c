import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@bellwether/telemetry/logger";
import type { Telemetry } from "@bellwether/telemetry/start-telemetry";
import type { DescMethod } from "@bufbuild/protobuf";
import { requiredRoles } from "../auth/required-role.ts";
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
import { apiReference } from "../web/api-reference.ts";
import { hostsWithoutAuthentication, type WebGuardOptions, webGuard } from "../web/web-guard.ts";
import type { WebHandler } from "../web/web-handler.ts";
import { openWebListener } from "../web/web-listener.ts";
import { openAdminListener } from "./admin-listener.ts";
import { createHealthBoard } from "./health.ts";
import { yieldToServing } from "./helper-threads.ts";
import { reflectionRoutes } from "./reflection.ts";
import { keepStreamsAlive } from "./stream-keepalive.ts";

/** The options of a server of the mesh. */
export interface ServerOptions {
  /** The service's name in logs, for example "ml-service". */
  readonly name: string;
  /** Address on which the listeners accept connections. Default "127.0.0.1". */
  readonly host?: string;
  /** One port per listener; 0: any free port. */
  readonly ports: { readonly grpc: number; readonly web: number; readonly admin: number };
  /** Services with their implementations, for both listeners. Health and reflection are added. */
  readonly routes: readonly Route[];
  /** The code of each error class of the service. */
  readonly errors: ErrorTable;
  /** Maps a driver's error to a class in `errors`; must return any other error unchanged. */
  readonly translateError?: (error: unknown) => unknown;
  readonly logger: Logger;
  /** Whether the server accepts traffic from the start. Default true; false until `setServing("", true)`. */
  readonly serving?: boolean;
  /**
   * REST paths of the web listener (HTTP with JSON, without an RPC protocol). The handlers of the RPCs answer
   * them.
   */
  readonly rest?: readonly RestRoute[];
  /**
   * Handling of fields, enum names and query parameters that the contract does not know, for RPCs in JSON.
   * Default "reject": the error names the field and the allowed names. "ignore" is the protocol's own
   * default.
   */
  readonly unknownFields?: "reject" | "ignore";
  /**
   * Handlers of the web listener for requests that match no RPC and no REST path, for example the files of a
   * page.
   */
  readonly webHandlers?: readonly WebHandler[];
  /** Browser origins and host names that the web listener accepts. */
  readonly web?: Partial<WebGuardOptions>;
  /** Who may call. Left out: every caller may do everything, which is allowed on loopback addresses only. */
  readonly auth?: AuthSettings;
  readonly tls?: TlsMaterial;
  readonly limits?: Partial<ListenerLimits>;
  readonly admission?: Partial<AdmissionLimits>;
  /** Limits on streams of health and reflection. */
  readonly probeStreams?: Partial<ProbeStreamLimits>;
  /**
   * Memory limits for requests of calls without a slot. Default: 32 MiB together and 32 MiB per connection,
   * more when one request may be larger.
   */
  readonly requestMemory?: Partial<Omit<RequestMemoryLimits, "bodyTimeoutMs">>;
  /** The service's own policies. They run before all others, so that they see every call and every end. */
  readonly policies?: readonly Policy[];
  /** Maximum time for which a stop waits for running calls, milliseconds. Default 10 s. */
  readonly drainMs?: number;
  /** Telemetry that `startTelemetry` has returned. Left out: no traces, and an empty /metrics. */
  readonly telemetry?: Pick<Telemetry, "sampleRatio" | "metricsText">;
}

/** A server whose listeners accept calls. */
export interface RunningServer extends AsyncDisposable {
  readonly addresses: { readonly grpc: Address; readonly web: Address; readonly admin: Address };
  /**
   * Sets whether a service ("" is the whole server) accepts traffic. Health checks and /readyz report it; /readyz also
   * shows the details: the reason if not, or facts.
   */
  setServing(service: string, serving: boolean, details?: string): void;
  /**
   * Stops the server: NOT_SERVING, GOAWAY, then running calls may end, for at most `drainMs`. Safe to call
   * twice.
   */
  stop(): Promise<void>;
}

/** A server that other machines can reach must authenticate its callers. */
export class AuthenticationRequiredError extends Error {
  override readonly name = "AuthenticationRequiredError" as const;

  constructor(name: string, host: string) {
    super(`${name} would listen on ${host} without authentication: set it up, or listen on 127.0.0.1`);
  }
}

/** A bearer token sent in clear text can be read and used by anyone on the network path. */
export class CleartextTokensError extends Error {
  override readonly name = "CleartextTokensError" as const;

  constructor(name: string, host: string) {
    super(
      `${name} would accept bearer tokens in clear text on ${host}: set BELLWETHER_TLS_CERT and BELLWETHER_TLS_KEY, listen on 127.0.0.1, ` +
        "or set BELLWETHER_AUTH_ALLOW_CLEARTEXT=true where a proxy in front ends TLS",
    );
  }
}

/** Room for the bytes that are counted in addition to the largest request itself. */
const MEMORY_MARGIN_BYTES = 1024 * 1024;
const DRAIN_MS = 10_000;
/**
 * When no call has arrived for this time during a stop, the clients that watch the health have received
 * NOT_SERVING.
 */
const QUIET_MS = 100;
/**
 * Maximum time to wait until no call arrives: clients that do not watch the health continue to call until
 * GOAWAY.
 */
const LAME_DUCK_MS = 2_000;

/**
 * Opens the three listeners of a service.
 * @throws ListenError, MissingRoleError, AuthenticationRequiredError, CleartextTokensError
 */
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
  const mounted = routes.flatMap(({ methods }) => methods.map(({ method }) => method));
  const methods = [...new Set([...mounted, ...rest.map(({ rpc }) => rpc)])];
  const validation = validationPolicy(methods);
  const chain = chainPolicies(
    [...(options.policies ?? []), ...(await policies(options, methods, counters, admission)), validation],
    errors,
  );
  const localHosts = auth ? undefined : hostsWithoutAuthentication(host);
  const guard = webGuard({
    allowedOrigins: options.web?.allowedOrigins ?? [],
    headers: options.web?.headers ?? [],
    ...(options.web?.requestHeaders && { requestHeaders: options.web.requestHeaders }),
    allowedHosts: options.web?.allowedHosts ?? localHosts,
  });
  const onThrow = (error: unknown): void => logger.error({ err: error }, "a request could not be answered");
  const before = [guard, restHandler(rest, routes, chain, onThrow)];
  const reference = apiReference(
    routes,
    rest.map(({ path }) => path),
  );
  const after = [reference, ...(options.webHandlers ?? [])];
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
      openAdminListener({
        address: at(ports.admin),
        limits,
        isReady,
        details: health.details,
        metricsText,
        // With authentication, probes may come by any address of the machine.
        allowedHosts: localHosts && [...localHosts, ...(options.web?.allowedHosts ?? [])],
        onThrow,
      }),
    );
    const addresses = { grpc, web, admin };
    logger.info({ grpc: addressText(grpc), web: addressText(web), admin: addressText(admin) }, "listening");
    if (!auth)
      logger.warn(
        "authentication is off: every process of this machine may do everything (docs/sign-in.md turns it on)",
      );

    const drainAll = async (): Promise<void> => {
      const drainMs = options.drainMs ?? DRAIN_MS;
      const began = performance.now();
      health.setServing("", false);
      // Clients that watch the health get time to choose another server before their connection closes.
      const lameDuckMs = Math.min(LAME_DUCK_MS, drainMs / 4);
      if (watches.count() > 0) await delay(Math.min(QUIET_MS, lameDuckMs));
      await traffic.ended(QUIET_MS, lameDuckMs);
      const closed = closeAll(Math.max(0, drainMs - (performance.now() - began)));
      watches.endAll();
      await closed;
      logger.info("stopped");
    };
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => {
      stopping ??= drainAll();
      return stopping;
    };
    const setServing: RunningServer["setServing"] = (service, serving, details) => {
      health.setServing(service, serving, details);
      if (isReady()) validation.compile();
    };
    if (isReady()) validation.compile();
    return { addresses, setServing, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await closeAll(0);
    throw error;
  }
}

/**
 * Returns the policies before validation, in order. Telemetry is first and sees every end; a call rejected by admission
 * costs nothing further; a late call or an unknown caller takes no slot; only a call with a slot is
 * validated.
 */
async function policies(
  options: ServerOptions,
  methods: readonly DescMethod[],
  counters: readonly Policy[],
  admission: Policy,
): Promise<Policy[]> {
  const { auth, probeStreams, telemetry, logger } = options;
  const roles = requiredRoles(methods);
  return [
    telemetryPolicy(telemetry?.sampleRatio ?? 0, auth === undefined),
    ...counters,
    probeStreamPolicy({ ...DEFAULT_PROBE_STREAMS, ...probeStreams }),
    admission,
    requestMemoryPolicy(requestMemoryLimits(options, methods)),
    deadlinePolicy(),
    ...(auth ? [await authentication(auth, roles, logger), callerTracePolicy()] : [anonymousPolicy()]),
  ];
}

/** A connection can send the largest request that an RPC accepts, also as JSON. */
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

/** Token verification is loaded only when configured: it is about fifty of eight hundred modules. */
async function authentication(
  auth: AuthSettings,
  roles: ReturnType<typeof requiredRoles>,
  logger: Logger,
): Promise<Policy> {
  const { authenticationPolicy } = await import("../policies/authentication.ts");
  return authenticationPolicy(auth, roles, logger);
}
