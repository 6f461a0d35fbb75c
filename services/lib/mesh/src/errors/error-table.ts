import { Code, ConnectError } from "@connectrpc/connect";
import { clean, type FieldViolation, rpcError } from "./rpc-error.ts";

/**
 * The code of each error class of a service, by the class's `name`. Write it as
 * `{ … } satisfies Record<OrderError["name"], Code>`: a new error without a code does not compile.
 */
export type ErrorTable = Readonly<Record<string, Code>>;

/** Optional properties of a service's error class that are sent to the client in addition to its message. */
export interface DescribedError extends Error {
  /** `ErrorInfo.reason`; left out: the class's name without "Error" in UPPER_SNAKE_CASE. */
  readonly reason?: string;
  readonly fieldViolations?: readonly FieldViolation[];
  readonly retryAfterMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The properties of a failed call that the table reads. */
export interface FailedCall {
  readonly bound: { readonly name: string };
  /** Why the call was ended before its handler threw; undefined while it runs. */
  readonly aborted: ConnectError | undefined;
  /** Runs `work` in the call's trace context. */
  within<T>(work: () => T): T;
}

/** Turns any thrown value into the error that the client may see. Never throws. */
export type ToError = (thrown: unknown, call: FailedCall) => ConnectError;

/** Called with every error that the client must not see, with its cause. */
export type ErrorLog = (failure: { readonly method: string; readonly error: unknown }) => void;

/**
 * Builds the chain's `toError`. An error in the table keeps its text and gets google.rpc details; `translate`
 * can map a driver's error to one of them. Errors of the mesh are sent unchanged. Any other error, including
 * that of a peer's server, is sent as INTERNAL without text and is logged.
 */
export function errorsByTable(
  table: ErrorTable,
  log: ErrorLog,
  translate: (error: unknown) => unknown = (error) => error,
): ToError {
  const internal = (call: FailedCall, error: unknown): ConnectError => {
    // Logs inside the call's trace, so that the line has the trace's ids.
    call.within(() => log({ method: call.bound.name, error }));
    return rpcError(Code.Internal, "INTERNAL", "internal error");
  };
  return (thrown, call) => {
    try {
      const reason = translate(thrown);
      if (call.aborted && isAbort(reason)) return call.aborted;
      if (reason instanceof ConnectError && !reason.isWireError) return wellFormed(reason);
      const code = reason instanceof Error && Object.hasOwn(table, reason.name) ? table[reason.name] : undefined;
      return code === undefined ? internal(call, reason) : describe(reason as DescribedError, code);
    } catch (unreadable) {
      return internal(call, unreadable);
    }
  };
}

function describe(error: DescribedError, code: Code): ConnectError {
  const { fieldViolations, retryAfterMs, metadata } = error;
  return rpcError(code, error.reason ?? reasonFromName(error.name), error.message, {
    ...(fieldViolations && { fieldViolations }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(metadata && { metadata }),
    cause: error,
  });
}

/** Converts the name of an error class to its reason: "ModelNotReadyError" → "MODEL_NOT_READY". */
export function reasonFromName(name: string): string {
  return name
    .replace(/Error$/, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toUpperCase();
}

/**
 * A handler that observes its signal throws the signal's reason or an AbortError: the call had already ended.
 */
function isAbort(reason: unknown): boolean {
  return reason instanceof Error && (reason.name === "AbortError" || reason instanceof ConnectError);
}

/**
 * Returns a ConnectError of the protocol engine or of a handler in a form that can be sent: with well-formed
 * texts.
 */
function wellFormed(error: ConnectError): ConnectError {
  if (error.rawMessage.isWellFormed()) return error;
  const safe = new ConnectError(clean(error.rawMessage, error.rawMessage.length), error.code, error.metadata);
  safe.details = error.details;
  return safe;
}
