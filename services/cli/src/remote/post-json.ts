import { flatText } from "@bellwether/contract/flat-json/flat-text";
import { isLoopback } from "@bellwether/mesh/listener/listen";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { callerToken } from "./caller-token.ts";
import { CREDENTIAL_HINT, wrongPort } from "./peer-error.ts";
import { ML_EXAMPLE_URL } from "./peer-url.ts";

const TIMEOUT_MS = 10_000;
const WEB_LISTENER_HINT = `--url names the web listener of ml-service, for example ${ML_EXAMPLE_URL}`;

/**
 * Posts JSON to a service and returns the text of the answer.
 * @param url from `listenerUrl` @param path is added to the path of the URL
 * @param env BELLWETHER_TOKEN_FILE names the file with the caller's token, or BELLWETHER_TOKEN is the token; without both,
 * no token is sent
 * @throws UsageError when the service rejects the input, or a token would be sent in clear text to another machine; Error with
 * the message of the service otherwise
 */
export async function postJson(url: string, path: string, body: unknown, env: CliContext["env"]): Promise<string> {
  const { BELLWETHER_AUTH_ALLOW_CLEARTEXT: allowed = "false" } = env;
  const token = callerToken({ env });
  const { protocol, hostname } = new URL(url);
  if (token && protocol !== "https:" && !isLoopback(hostname) && allowed !== "true" && allowed !== "1") {
    throw new UsageError(
      `the token of ${env.BELLWETHER_TOKEN_FILE ? "BELLWETHER_TOKEN_FILE" : "BELLWETHER_TOKEN"} would be sent in clear text to ${url}: use https, or set BELLWETHER_AUTH_ALLOW_CLEARTEXT=true`,
    );
  }
  const response = await fetch(url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token()}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(async (error: Error) => {
    const wrong = await wrongPort({ service: "ml-service", url, option: "--url", listener: "web" });
    throw new Error(
      wrong ??
        `${url} does not answer (${error.cause instanceof Error ? error.cause.message : error.message}); is ml-service running there? npx bellwether start starts all services`,
    );
  });
  const text = await response.text();
  if (!response.ok) {
    const { code, message = `${url}${path} answered ${response.status}` } = errorOf(text);
    if (code === "invalid_argument") throw new UsageError(flatText(message));
    if (code === "unimplemented" || response.status === 404)
      throw new Error(`${url}: ${message}; ${WEB_LISTENER_HINT}`);
    throw new Error(response.status === 401 ? `${url}: ${message}: ${CREDENTIAL_HINT}` : message);
  }
  return text;
}

/**
 * Parses a JSON object of an answer.
 * @param read returns what the object says, or null when the object is no such answer
 * @throws Error that names the URL, when another program answered, or an error that ended a stream of lines
 */
export function parseAnswer<T>(url: string, text: string, read: (value: JsonObject) => T | null): T {
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${url} answered ${startOf(text)}, which is not JSON; ${WEB_LISTENER_HINT}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${url} did not answer with a JSON object; ${WEB_LISTENER_HINT}`);
  if ("error" in value) throw new Error(errorOf(JSON.stringify(value.error)).message ?? `${url} could not answer`);
  const answer = read(value);
  if (answer === null) throw foreignAnswer(url, text);
  return answer;
}

/** Returns the error for JSON that ml-service does not send. */
export const foreignAnswer = (url: string, text: string): Error =>
  new Error(`${url} answered ${startOf(text)}, which is not an answer of ml-service; ${WEB_LISTENER_HINT}`);

const startOf = (text: string): string => JSON.stringify(text.slice(0, 40));

/** Returns the code and the message of an error of Connect; both are unset in an answer of another form. */
function errorOf(text: string): { readonly code?: string; readonly message?: string } {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) return {};
    return {
      ...("code" in parsed && { code: String(parsed.code) }),
      ...("message" in parsed && { message: String(parsed.message) }),
    };
  } catch {
    return {};
  }
}
