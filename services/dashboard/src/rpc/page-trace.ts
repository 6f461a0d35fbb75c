import type { Interceptor } from "@connectrpc/connect";

/** Calls that come so long after what a person did are not because of it. */
const ACTION_MS = 5_000;

/** Where the server that serves the page states how many traces it records. */
const RATIO_META = 'meta[name="trace-sample-ratio"]';
/** Of a page whose server states nothing. */
const DEFAULT_RATIO = 0.01;

/** The W3C trace of what a person does on the page: one per action, which all calls of that action share. */
export interface PageTrace {
  /** The person has done something: the next call begins a trace. */
  begin(): void;
  /** The `traceparent` of one call, with a parent id of its own and the decision of its trace, which every service follows. */
  traceparent(): string;
}

/** What decides about traces; both functions can be stood in for by a test's. */
export interface PageTraceOptions {
  /** Share of traces that are recorded, in [0, 1]. */
  readonly sampleRatio: number;
  /** Milliseconds of a clock that does not jump. */
  readonly now?: () => number;
  /** A number in [0, 1). */
  readonly draw?: () => number;
}

/** What is asked of a page: `document`, or a test's. */
interface StatingPage {
  querySelector(selectors: string): { getAttribute(name: string): string | null } | null;
}

/** The share of traces that the page's server records, as it states it in the page; 1 % when it does not, or not in [0, 1]. */
export function statedSampleRatio(page: StatingPage): number {
  const stated = page.querySelector(RATIO_META)?.getAttribute("content") ?? "";
  const ratio = stated === "" ? Number.NaN : Number(stated);
  return ratio >= 0 && ratio <= 1 ? ratio : DEFAULT_RATIO;
}

export function createPageTrace(options: PageTraceOptions): PageTrace {
  const { sampleRatio, now = () => performance.now(), draw = Math.random } = options;
  let traceId = "";
  let flags = "";
  let endsAt = 0;
  return {
    begin() {
      endsAt = 0;
    },
    traceparent() {
      if (now() >= endsAt) {
        traceId = randomHex(16);
        flags = draw() < sampleRatio ? "01" : "00";
        endsAt = now() + ACTION_MS;
      }
      return `00-${traceId}-${randomHex(8)}-${flags}`;
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
