import type { WebRequest } from "./web-handler.ts";

/** scheme://authority, then path and query. */
const ABSOLUTE_FORM = /^(https?):\/\/([^/?#]*)([^#]*)$/i;

/**
 * Brings a request in absolute form (RFC 9112, 3.2.2), as clients of a proxy send it, into origin form: its target's authority stands in the
 * place of the Host header, which is ignored then. Gives what is wrong with the target, in one sentence; undefined: nothing.
 */
export function toOriginForm(request: WebRequest): string | undefined {
  const { url = "/" } = request;
  if (url.startsWith("/") || url === "*" || "stream" in request) return undefined;
  const [, , authority = "", rest = ""] = ABSOLUTE_FORM.exec(url) ?? [];
  if (authority === "") return "the request target is neither a path nor an http or https URL";
  // RFC 9110, 4.2.4.
  if (authority.includes("@")) return "the request target has user information: leave it out";
  request.url = rest.startsWith("/") ? rest : `/${rest}`;
  request.headers.host = authority;
  return undefined;
}
