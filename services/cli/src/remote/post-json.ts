import { readFileSync } from "node:fs";
import { isLoopback } from "@bellwether/mesh/listener/listen";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { ML_EXAMPLE_URL } from "./peer-url.ts";

const TIMEOUT_MS = 10_000;

/**
 * Posts JSON to a service and returns the text of the answer.
 * @param env BELLWETHER_TOKEN_FILE names the file with the caller's token; if it is not set, no token is sent
 * @throws Error with the message of the service, UsageError when a token would be sent in clear text to another machine
 */
export async function postJson(url: string, path: string, body: unknown, env: CliContext["env"]): Promise<string> {
  if (!URL.canParse(path, url))
    throw new UsageError(`--url "${url}" is not a URL; expected a URL such as ${ML_EXAMPLE_URL}`);
  const { BELLWETHER_TOKEN_FILE: tokenFile, BELLWETHER_AUTH_ALLOW_CLEARTEXT: allowed = "false" } = env;
  const { protocol, hostname } = new URL(url);
  if (tokenFile && protocol !== "https:" && !isLoopback(hostname) && allowed !== "true" && allowed !== "1") {
    throw new UsageError(
      `the token of BELLWETHER_TOKEN_FILE would be sent in clear text to ${url}: use https, or set BELLWETHER_AUTH_ALLOW_CLEARTEXT=true`,
    );
  }
  const response = await fetch(new URL(path, url), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(tokenFile && { authorization: `Bearer ${readFileSync(tokenFile, "utf8").trim()}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: Error) => {
    throw new Error(
      `${url} does not answer (${error.cause instanceof Error ? error.cause.message : error.message}); is ml-service running there? npm start starts all services`,
    );
  });
  const text = await response.text();
  if (!response.ok) throw new Error(messageOf(text) ?? `${url}${path} answered ${response.status}`);
  return text;
}

function messageOf(text: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && "message" in parsed ? String(parsed.message) : undefined;
  } catch {
    return undefined;
  }
}
