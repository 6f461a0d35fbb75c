import type { WebRequest } from "./web-handler.ts";

/** `host` or `host:port` (RFC 3986, 3.2) without user information, which HTTP does not allow (RFC 9110, 4.2.4). */
const AUTHORITY = /^(?:\[[0-9a-f:.]+\]|[\w.~%!$&'()*+,;=-]+)(?::\d*)?$/i;
/** Absolute form of a request target (RFC 9112, 3.2.2). */
const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\//i;
const MAX_SHOWN_CHARACTERS = 100;

/**
 * Returns the violation in a request's host, as one sentence that also states what to send; undefined: the
 * host is valid. The host is checked before any other code sees the request, because an engine that builds a
 * URL of an invalid host throws.
 * @param needsHost whether an HTTP/1.0 request, which may lack a Host header by the protocol, must have one here
 */
export function authorityViolation(request: WebRequest, needsHost: boolean): string | undefined {
  if (repeatsValidHost(request)) return undefined;
  const named = hostsOf(request);
  if (named.length > 1) return `the request has ${named.length} Host headers: send one`;
  const [host] = named;
  if (host === undefined) {
    const mayLack = !needsHost && request.httpVersionMajor === 1 && request.httpVersionMinor === 0;
    return mayLack ? undefined : "the request has no Host header: send one";
  }
  if (!isAuthority(host)) return `the Host ${shown(host)} is not a host name with a port from 0 to 65535`;
  const { url = "" } = request;
  if (ABSOLUTE_FORM.test(url) && !URL.canParse(url)) return `the request target ${shown(url)} is not a URL`;
  return undefined;
}

/**
 * Returns all hosts in a request. `headers.host` is not enough: of repeated Host headers Node keeps only the
 * first.
 */
function hostsOf(request: WebRequest): readonly string[] {
  const { headers, rawHeaders } = request;
  const { ":authority": authority, host } = headers;
  // HTTP/2 allows both, and then they must be equal (RFC 9113, 8.3.1).
  if (typeof authority === "string") return host === undefined || host === authority ? [authority] : [authority, host];
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === "host");
}

/** The last authority that was valid: clients repeat theirs. */
let validAuthority: string | undefined;

/** True for almost every request: HTTP/1.1 in origin form with one Host, which equals the last valid one. */
function repeatsValidHost(request: WebRequest): boolean {
  const { headers, rawHeaders, url } = request;
  if ("stream" in request || headers.host === undefined || headers.host !== validAuthority) return false;
  if (!url?.startsWith("/")) return false;
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return hosts === 1;
}

function isAuthority(text: string): boolean {
  if (text === validAuthority) return true;
  if (!AUTHORITY.test(text) || !URL.canParse(`http://${text}`)) return false;
  validAuthority = text;
  return true;
}

function shown(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text);
}
