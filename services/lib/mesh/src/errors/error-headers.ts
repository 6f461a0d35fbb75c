import { ErrorInfoSchema, RetryInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { Code, type ConnectError } from "@connectrpc/connect";

/** Reasons of the authentication policy that mean an invalid token (RFC 6750, 3.1). */
const TOKEN_REASONS: ReadonlySet<string> = new Set(["TOKEN_EXPIRED", "TOKEN_INVALID"]);

/**
 * Returns the HTTP headers for an error: `WWW-Authenticate` with 401, `Retry-After` (whole seconds, rounded
 * up) with 429 and 503, `Accept-Encoding` when the encoding of the body is not supported.
 */
export function errorHeaders(error: ConnectError): readonly (readonly [name: string, value: string])[] {
  if (error.code === Code.Unauthenticated) return [["www-authenticate", challenge(error)]];
  if (reasonOf(error) === "UNKNOWN_ENCODING") return [["accept-encoding", "gzip"]];
  if (error.code !== Code.ResourceExhausted && error.code !== Code.Unavailable) return [];
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  if (!delay) return [];
  return [["retry-after", String(Number(delay.seconds) + (delay.nanos > 0 ? 1 : 0))]];
}

const reasonOf = (error: ConnectError): string | undefined => error.findDetails(ErrorInfoSchema)[0]?.reason;

function challenge(error: ConnectError): string {
  const reason = reasonOf(error);
  const bearer = 'Bearer realm="bellwether"';
  return reason !== undefined && TOKEN_REASONS.has(reason) ? `${bearer}, error="invalid_token"` : bearer;
}
