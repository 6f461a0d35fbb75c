import type { DeliveryOutcome } from "../../domain/notices/notice.ts";
import type { HttpAnswer } from "./post-json.ts";

/** Client errors after which the same request can succeed: timeout, too early, too many requests. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429]);
/** An error code of a receiver, for example "invalid_payload" of Slack. Other texts could contain anything. */
const ERROR_CODE = /^[a-z]+(?:_[a-z]+){0,7}$/;
const MAX_ERROR_CODE = 64;

/**
 * Returns the outcome that an answer means. 2xx: delivered. 410: gone. 408, 425, 429 and 5xx: a later attempt can
 * succeed. Redirects and other 4xx: rejected.
 * @param host shown in the texts; the path of a URL can be a secret
 */
export function httpOutcome(host: string, answer: HttpAnswer, now: Date): DeliveryOutcome {
  const { status } = answer;
  const code = answer.body.trim();
  const said = code.length <= MAX_ERROR_CODE && ERROR_CODE.test(code) ? ` (${code})` : "";
  if (status >= 200 && status < 300) return { kind: "delivered", detail: `${host} answered ${status}` };
  const reason = `${host} answered ${status}${said}`;
  if (status === 410) return { kind: "gone", reason };
  if (status >= 300 && status < 400)
    return { kind: "rejected", reason: `${host} answered ${status}: redirects are not followed, use the final URL` };
  if (status >= 400 && status < 500 && !TRANSIENT.has(status)) return { kind: "rejected", reason };
  const retryAfterMs = retryAfterFrom(answer.retryAfter, now);
  return { kind: "retry", reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/**
 * Returns the time of a Retry-After header (seconds, or a date; RFC 9110, 10.2.3), at least 0. Undefined: there is
 * none, or it has another form. `decideDelivery` has its upper bound.
 */
function retryAfterFrom(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,10}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
