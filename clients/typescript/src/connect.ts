import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { checkRequests } from "./check-request.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.ts";

/** Settings of a client. */
export interface ConnectOptions {
  /** A token or an API key, or a function that returns one and is called before each attempt. Default: none. */
  readonly token?: string | (() => string | Promise<string>);
  /** Deadline of each unary call with its retries, ms. Streams have none: abort their signal. Default 60,000. */
  readonly timeoutMs?: number;
  /** Maximum number of attempts of a call that may be repeated. Default 4. */
  readonly attempts?: number;
  /** Allows a token over http to another machine. Default false. */
  readonly allowCleartext?: boolean;
  /** Sends the requests. Default: the global fetch. */
  readonly fetch?: typeof globalThis.fetch;
}

/** An error of a service, with the details that all services send. */
export interface ServiceError {
  readonly code: Code;
  /** Stable reason, for example "VERSION_NOT_FOUND"; empty when the error is one of the protocol or of the network. */
  readonly reason: string;
  /** What is wrong and what to do, for a person. */
  readonly message: string;
  /** Path of each invalid field of the request, with its violation. */
  readonly fields: Readonly<Record<string, string>>;
  /** Time after which the call can be repeated, ms; undefined: the service named none. */
  readonly retryAfterMs: number | undefined;
}

const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 10_000;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Returns a typed client of a service. In the browser the listener must allow the origin of the page
 * (BELLWETHER_WEB_ORIGINS).
 *
 * A call is repeated when its RPC is idempotent and the error may pass: UNAVAILABLE, or any code with a RetryInfo. A
 * stream is not repeated.
 *
 * A request with a value of another type than its field, for example null as the value of a feature, is not sent: the call
 * rejects with a TypeError that names the field.
 * @param url URL of the web listener of the service, for example "http://localhost:8081"
 * @throws TypeError when the URL is not valid or a token would be sent in clear text
 */
export function connect<Service extends DescService>(
  service: Service,
  url: string,
  { token, timeoutMs = 60_000, attempts = 4, allowCleartext = false, fetch }: ConnectOptions = {},
): Client<Service> {
  const { protocol, hostname } = checkUrl(url);
  if (token !== undefined && protocol === "http:" && !LOOPBACK.has(hostname) && !allowCleartext)
    throw new TypeError(`url ${url}: a token would be sent in clear text; use https, or set allowCleartext`);
  const interceptors = [repeat(attempts), ...(token === undefined ? [] : [authorize(token)])];
  const transport = createConnectTransport({
    baseUrl: url,
    useBinaryFormat: true,
    interceptors: [deadlineOfUnary(timeoutMs), ...interceptors],
    fetch: (input, init) =>
      (fetch ?? globalThis.fetch)(input, init).catch((error: unknown) => {
        if (init?.signal?.aborted) throw error;
        throw new ConnectError(
          `${url} does not answer: ${reasonOf(error)}`,
          Code.Unavailable,
          undefined,
          undefined,
          error,
        );
      }),
  });
  return createClient(service, checkRequests(transport));
}

/** @throws TypeError that does not repeat credentials or a query */
function checkUrl(url: string): URL {
  const expected = "expected the URL of a web listener, for example http://localhost:8081";
  const found = URL.canParse(url) ? new URL(url) : undefined;
  if (found?.username || found?.password || (found === undefined && url.includes("@")))
    throw new TypeError(`url: credentials do not belong into the URL; set token; ${expected}`);
  if (found?.protocol !== "http:" && found?.protocol !== "https:")
    throw new TypeError(url.includes("@") ? `url: ${expected}` : `url ${url}: ${expected}`);
  if (found.search !== "" || found.hash !== "")
    throw new TypeError(`url: a query or a fragment is not sent; ${expected}`);
  return found;
}

/** Returns the details of an error that a call threw; any other error is UNKNOWN. */
export function serviceError(error: unknown): ServiceError {
  const found = ConnectError.from(error);
  const [info] = found.findDetails(ErrorInfoSchema);
  const [bad] = found.findDetails(BadRequestSchema);
  return {
    code: found.code,
    reason: info?.reason ?? "",
    message: found.rawMessage,
    fields: Object.fromEntries(bad?.fieldViolations.map(({ field, description }) => [field, description]) ?? []),
    retryAfterMs: retryAfterMsOf(found),
  };
}

function retryAfterMsOf(error: ConnectError): number | undefined {
  const [retry] = error.findDetails(RetryInfoSchema);
  return retry?.retryDelay && Number(retry.retryDelay.seconds) * 1_000 + retry.retryDelay.nanos / 1e6;
}

/** Returns the text of an error of fetch, whose cause says more in Node. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}

/** Bounds a unary call with its retries. */
function deadlineOfUnary(timeoutMs: number): Interceptor {
  return (next) => async (request) => {
    if (request.stream || request.header.has("connect-timeout-ms")) return next(request);
    const late = AbortSignal.timeout(timeoutMs);
    request.header.set("connect-timeout-ms", String(timeoutMs));
    try {
      return await next({ ...request, signal: AbortSignal.any([request.signal, late]) });
    } catch (error) {
      if (!late.aborted || request.signal.aborted) throw error;
      throw new ConnectError(`no answer within ${timeoutMs} ms`, Code.DeadlineExceeded, undefined, undefined, error);
    }
  };
}

const mayRepeat = ({ idempotency }: DescMethod): boolean => idempotency !== Idempotency.IDEMPOTENCY_UNKNOWN;

function repeat(attempts: number): Interceptor {
  return (next) => async (request) => {
    if (request.stream || !mayRepeat(request.method)) return next(request);
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(request);
      } catch (cause) {
        const error = ConnectError.from(cause);
        const retryAfterMs = retryAfterMsOf(error);
        const mayPass = error.code === Code.Unavailable || retryAfterMs !== undefined;
        if (!mayPass || attempt >= attempts || request.signal.aborted) throw error;
        const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
        await pause(Math.max(retryAfterMs ?? 0, pauseMs), request.signal, error);
      }
    }
  };
}

/** Waits. @throws `error` when the signal aborts first */
function pause(ms: number, signal: AbortSignal, error: ConnectError): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

function authorize(token: NonNullable<ConnectOptions["token"]>): Interceptor {
  return (next) => async (request) => {
    const given = typeof token === "string" ? token : await token();
    if (given.trim() === "") throw new TypeError("token: expected a token or an API key, got an empty one");
    request.header.set("authorization", `Bearer ${given.trim()}`);
    return next(request);
  };
}
