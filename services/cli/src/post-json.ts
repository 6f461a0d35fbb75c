import { readFileSync } from "node:fs";
import { UsageError } from "./usage-error.ts";

const TIMEOUT_MS = 10_000;

/**
 * Posts JSON to a service and returns the answer's text.
 * @param tokenFile File with the caller's token; undefined: none is sent.
 * @throws Error with the service's own message.
 */
export async function postJson(
  url: string,
  path: string,
  body: unknown,
  tokenFile: string | undefined,
): Promise<string> {
  if (!URL.canParse(path, url))
    throw new UsageError(`--url "${url}" is not a URL; expected such as http://localhost:8081`);
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
      `${url} does not answer (${error.cause instanceof Error ? error.cause.message : error.message}); is ml-service running there? npm start runs it`,
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
