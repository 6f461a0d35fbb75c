import { CodeSchema } from "@bellwether/gen/google/rpc/code_pb";
import { Code, type ConnectError } from "@connectrpc/connect";

const NAMES: readonly string[] = CodeSchema.values.toSorted((a, b) => a.number - b.number).map(({ name }) => name);

/**
 * Returns the name of a status code as google.rpc.Code spells it: "OK", "INVALID_ARGUMENT", and "CANCELLED"
 * with two L.
 */
export function codeName(error: Pick<ConnectError, "code"> | undefined): string {
  return NAMES[error?.code ?? 0] ?? "UNKNOWN";
}

/** Whether a code means an error of the server, not of the caller. */
export function isServerError(code: Code): boolean {
  return SERVER_ERRORS.has(code);
}

const SERVER_ERRORS: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);
