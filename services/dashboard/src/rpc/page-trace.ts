import type { Interceptor } from "@connectrpc/connect";

/** Calls that come so long after what a person did are not because of it. */
const ACTION_MS = 5_000;

/** The W3C trace of what a person does on the page: one per action, which all calls of that action share. */
export interface PageTrace {
  /** The person has done something: the next call begins a trace. */
  begin(): void;
  /** The `traceparent` of one call, with a parent id of its own. People are few and slow, so all their traces are recorded. */
  traceparent(): string;
}

/** @param now milliseconds of a clock that does not jump */
export function createPageTrace(now = () => performance.now()): PageTrace {
  let traceId = "";
  let endsAt = 0;
  return {
    begin() {
      endsAt = 0;
    },
    traceparent() {
      if (now() >= endsAt) {
        traceId = randomHex(16);
        endsAt = now() + ACTION_MS;
      }
      return `00-${traceId}-${randomHex(8)}-01`;
    },
  };
}

/** Begins a trace with each click, key and step through the history of `page`. */
export function followActions(trace: PageTrace, page: EventTarget): void {
  for (const action of ["pointerdown", "keydown", "popstate"]) page.addEventListener(action, trace.begin, true);
}

/** Writes `traceparent` into every call. */
export function traceInterceptor(trace: PageTrace): Interceptor {
  return (next) => (request) => {
    request.header.set("traceparent", trace.traceparent());
    return next(request);
  };
}

function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}
