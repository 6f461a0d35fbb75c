/** Names and codes of errors after which nothing is known about the call, or nothing arrived. */
const NETWORK =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_AGAIN|EPROTO|ERR_STREAM_PREMATURE_CLOSE|ERR_SOCKET\w*|UND_ERR\w*|TimeoutError|REQUEST_SEND_ERROR|ERR_TLS\w*|CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/;

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** Whether a connection could not be opened, or broke. */
export function isNetworkError(error: Error): boolean {
  const known = [codeOf(error), codeOf(error.cause), error.name];
  return known.some((code) => code !== undefined && NETWORK.test(code)) || error.message === "aborted";
}

/** Returns the code or the name of an error if it is a short word, so that no text of a foreign message is shown. */
export function shortCode(error: Error): string {
  const found = [codeOf(error), error.name].find(
    (code) => code !== undefined && code !== "Error" && code !== "RestError",
  );
  return found !== undefined && /^[\w.-]{1,64}$/.test(found) ? found : "an unknown error";
}
