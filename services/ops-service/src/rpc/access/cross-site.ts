import { shown } from "@bellwether/mesh/web/http-rejection";
import { CrossSiteRequestError } from "../../domain/access/sign-in-error.ts";

/** Headers by which a browser reports the page that makes a request. */
export interface PageHeaders {
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
  /** Host header, or :authority. */
  readonly host: string | undefined;
}

/** The origins of pages that may use sessions. */
export interface PageOrigins {
  /** Origin of the service as browsers see it. Undefined: the origin is compared with the Host header. */
  readonly own: string | undefined;
  /** Other origins whose pages may use sessions, for example "https://dashboard.example.org". */
  readonly allowed: readonly string[];
}

/**
 * Rejects a request that changes something unless a page of this service or of an allowed origin made it. Pages
 * of other sites can send requests with cookies, but no browser lets them set these headers (OWASP, Cross-Site
 * Request Forgery Prevention: verifying origin with standard headers).
 * @throws CrossSiteRequestError, also for a request without these headers
 */
export function rejectCrossSite({ origin, secFetchSite, host }: PageHeaders, { own, allowed }: PageOrigins): void {
  if (origin === undefined) {
    if (secFetchSite === "same-origin") return;
    throw new CrossSiteRequestError("none", own);
  }
  if (origin === own || allowed.includes(origin)) return;
  if (own === undefined && URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()) return;
  throw new CrossSiteRequestError(`the Origin ${shown(origin)}`, own);
}
