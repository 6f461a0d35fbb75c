import type { Interceptor } from "@connectrpc/connect";

/**
 * Maximum time between an action of the reader and a call that belongs to it. A later call is not a result of
 * that action.
 */
const ACTION_MS = 5_000;

/** The element in which the server writes the share of traces that it records. */
const RATIO_META = 'meta[name="trace-sample-ratio"]';
/** The share of traces that are recorded when the server writes none. */
const DEFAULT_RATIO = 0.01;

/** W3C traces of the reader's actions: one trace per action, shared by all calls of that action. */
export interface PageTrace {
  /** Called when the reader acts: the next call begins a new trace. */
  begin(): void;
  /**
   * Returns the `traceparent` of one call: its own parent id, and the sampling decision of its trace, which
   * every service follows.
   */
  traceparent(): string;
}

/** Parameters of the traces. Tests replace both functions. */
export interface PageTraceOptions {
  /** Share of traces that are recorded, in [0, 1]. */
  readonly sampleRatio: number;
  /** Returns the milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** Returns a random number in [0, 1). */
  readonly draw?: () => number;
}

/** The part of `document` that is used, so that a test can replace it. */
interface StatingPage {
  querySelector(selectors: string): { getAttribute(name: string): string | null } | null;
}

/**
 * Reads from the page the share of traces that its server records. 1 % when the page has none, or a number
 * outside [0, 1].
 */
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

/** Begins a trace with each click, key press and history navigation on `page`. */
export function followActions(trace: PageTrace, page: EventTarget): void {
  for (const action of ["pointerdown", "keydown", "popstate"]) page.addEventListener(action, trace.begin, true);
}

/** Adds `traceparent` to every call. */
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
