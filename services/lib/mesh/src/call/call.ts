import { runInContext } from "@bellwether/telemetry/lazy-context";
import { unsampledContext } from "@bellwether/telemetry/unsampled-trace";
import { create, type DescMethod, isMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { type ConnectError, type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import type { Context, Span } from "@opentelemetry/api";
import type { BoundMethod } from "./bound-method.ts";
import { ANONYMOUS, type Caller, callerKey } from "./caller.ts";

/** Reason of the signals of calls that have ended. Shared: an AbortError per call would capture a stack trace that nobody reads. */
export const OVER: unknown = AbortSignal.abort().reason;

/** The other end of the connection. */
export interface Peer {
  /** Remote address without port; empty when it is gone already. */
  readonly address: string;
  /** Names in the verified client certificate, empty without one: its common name and its DNS and URI alternatives. */
  readonly certificateNames: readonly string[];
}

/** What counts the bytes that the requests of calls without a slot take. */
export interface RequestMemory {
  /** The request of `call` takes so many bytes now and, as it says, `announcedBytes` when it is complete. May end the call. */
  count(call: Call, bytes: number, announcedBytes?: number): void;
  /** The call has a slot, or has ended: its request is counted no more. */
  release(call: Call): void;
  /** Pause before a large request is read on, milliseconds; 0: none. */
  paceMs(): number;
}

/** What decides whether a call runs at once. True: it waits until `enter` or `fail`. */
interface Admission {
  admit(call: Call): boolean;
}

/**
 * One call on the server, the same at every listener: what handlers get as their context and policies work on.
 * Headers, signal and values come into being when they are first asked for: a unary call that needs none pays for none.
 */
export abstract class Call implements HandlerContext {
  readonly bound: BoundMethod;
  abstract readonly protocolName: string;
  abstract readonly peer: Peer;
  /** The same object for all calls of one connection. */
  abstract get connection(): object;
  abstract get requestHeader(): Headers;
  /** One request header by its lower-case name, without building `requestHeader`. */
  abstract header(name: string): string | undefined;
  /** Ends the call from outside its handler, as a deadline does. Does nothing when it has ended. */
  abstract fail(reason: unknown): void;

  /** Whether the listener's engine ends the call at the deadline that its client set. */
  readonly engineKeepsDeadline: boolean = false;
  /** Whether the listener's engine ends a request that takes too long to arrive. */
  readonly engineTimesBody: boolean = false;
  /** When the call must be over, epoch milliseconds; Infinity: never. */
  deadline = Number.POSITIVE_INFINITY;
  caller: Caller = ANONYMOUS;
  /** Whether authentication has found out who calls, or is off. False for public RPCs of a server that authenticates. */
  identified = false;
  /** `performance.now()` when its headers arrived. */
  startedAt = 0;
  /** The trace it is part of; undefined: a new one that is not recorded. */
  trace: Context | undefined;
  /** A trace that the caller wants recorded, until the caller is identified; undefined: there is none. */
  offeredTrace: Context | undefined;
  /** The recorded span; undefined when the call is not sampled. */
  span: Span | undefined;
  deadlineTimer: NodeJS.Timeout | undefined;
  /** Whether its time runs from its complete request on: `startDeadline` is called then. */
  readonly deadlineAfterRequest: boolean = false;
  /** Starts the deadline of a call with `deadlineAfterRequest`; left by the deadline policy. */
  startDeadline: (() => void) | undefined;
  /** Whether it holds a slot of the admission policy. */
  holdsSlot = false;
  /** What counts the bytes of its request; undefined once it has a slot. */
  memory: RequestMemory | undefined;
  /** Whether its request is there as a whole, or is a stream that its handler reads. */
  requestComplete = false;
  /** Whether the chain's close hooks have run. */
  closed = false;
  /** Its first message in, for policies that look back when it closes; undefined: none could be read. */
  firstRequest: Message | undefined;
  /** Its first message out; undefined: it ended without one. */
  firstResponse: Message | undefined;
  /** Why it was cut short; undefined while it runs and after a normal end. */
  aborted: ConnectError | undefined;

  /** What runs when a call that waits for a slot gets it; undefined: it does not wait. */
  #onEnter: (() => void) | undefined;
  #controller: AbortController | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #values: ContextValues | undefined;

  constructor(bound: BoundMethod) {
    this.bound = bound;
  }

  get method(): DescMethod {
    return this.bound.method;
  }

  get service() {
    return this.bound.method.parent;
  }

  get requestMethod(): string {
    return "POST";
  }

  get url(): string {
    return `/${this.bound.name}`;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.aborted || this.closed) this.#controller.abort(this.aborted);
    }
    return this.#controller.signal;
  }

  get values(): ContextValues {
    this.#values ??= createContextValues().set(callerKey, this.caller);
    return this.#values;
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= new Headers();
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= new Headers();
    return this.#responseTrailer;
  }

  /** The response headers if a handler asked for them. */
  get setHeader(): Headers | undefined {
    return this.#responseHeader;
  }

  /** The response trailers if a handler asked for them. */
  get setTrailer(): Headers | undefined {
    return this.#responseTrailer;
  }

  /** Milliseconds left, below 0 when late; undefined: no deadline. Made when asked for, and bound: handlers may take it along. */
  get timeoutMs(): () => number | undefined {
    return () => (this.deadline === Number.POSITIVE_INFINITY ? undefined : this.deadline - Date.now());
  }

  /**
   * Runs `work` when the policies admit the call: at once, or as soon as one of them calls `enter`. A callback, because a promise
   * would cost a unary call as much as the rest of the chain together. @throws what a policy's `admit` throws
   */
  whenAdmitted(policies: Admission, work: () => void): void {
    if (policies.admit(this)) this.#onEnter = work;
    else work();
  }

  /** As `whenAdmitted`, for calls that are asynchronous anyway. A call that ends while it waits may leave the promise pending. */
  admitted(policies: Admission): Promise<void> {
    return new Promise((resolve) => this.whenAdmitted(policies, resolve));
  }

  /** Continues a call that a policy's `admit` made wait. Does nothing when it does not wait. */
  enter(): void {
    const work = this.#onEnter;
    this.#onEnter = undefined;
    work?.();
  }

  /** Makes what has come of the request independent of the larger buffers that it came in. Gives the bytes that it takes. */
  keepRequest(): number {
    return 0;
  }

  /** What a handler answered, as a message of the RPC's output. */
  toResponse(answer: unknown): Message {
    const schema = this.method.output;
    const message = isMessage(answer, schema) ? answer : create(schema, answer as MessageInitShape<typeof schema>);
    this.firstResponse ??= message;
    return message;
  }

  /** Tells the handler, through `signal`, that nobody waits any more. */
  abort(reason: ConnectError): void {
    if (this.aborted) return;
    this.aborted = reason;
    this.#controller?.abort(reason);
  }

  /** Ends the signal of a call that ended well, so that what listens to it lets go. */
  release(): void {
    this.#controller?.abort(OVER);
  }

  /** What `context.active()` gives inside the handler. */
  get traceContext(): Context {
    this.trace ??= unsampledContext();
    return this.trace;
  }

  /** Runs `work` in the call's trace context. */
  within<T>(work: () => T): T {
    return runInContext(this, work);
  }
}
