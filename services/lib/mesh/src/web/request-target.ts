import type { WebRequest } from "./web-handler.ts";

/** Absolute form of a request target: scheme://authority, then path and query. */
const ABSOLUTE_FORM = /^(https?):\/\/([^/?#]*)([^#]*)$/i;

/**
 * Rewrites a request in absolute form (RFC 9112, 3.2.2), as clients of a proxy send it, to origin form. The
 * target's authority replaces the Host header, which is ignored. Returns the violation in the target, as one
 * sentence; undefined: there is none.
 */
export function toOriginForm(request: WebRequest): string | undefined {
  const { url = "/" } = request;
  if (url.startsWith("/") || url === "*" || "stream" in request) return undefined;
  const [, , authority = "", rest = ""] = ABSOLUTE_FORM.exec(url) ?? [];
  if (authority === "") return "the request target is neither a path nor an http or https URL";
  // HTTP does not allow user information in a target (RFC 9110, 4.2.4).
  if (authority.includes("@")) return "the request target has user information: leave it out";
  request.url = rest.startsWith("/") ? rest : `/${rest}`;
  request.headers.host = authority;
  return undefined;
}
