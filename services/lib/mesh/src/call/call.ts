import { randomUUID } from "node:crypto";
import { runInContext } from "@bellwether/telemetry/lazy-context";
import { unsampledContext, unsampledSpan } from "@bellwether/telemetry/unsampled-trace";
import { create, type DescMethod, isMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { type ConnectError, type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { type Context, ROOT_CONTEXT, type Span, type SpanContext, trace } from "@opentelemetry/api";
import { type AnswerIds, REQUEST_ID_HEADER, type ReceivedIds, readReceivedIds } from "./answer-ids.ts";
import type { ArrivalEntry } from "./arrival-list.ts";
import type { BoundMethod } from "./bound-method.ts";
import { ANONYMOUS, type Caller, callerKey } from "./caller.ts";

/**
 * Abort reason for the signals of calls that have ended. All calls share it, because creating an AbortError
 * per call would capture a stack trace that nobody reads.
 */
export const OVER: unknown = AbortSignal.abort().reason;

/** The other end of the connection. */
export interface Peer {
  /** Remote address without port; empty when the connection is already closed. */
  readonly address: string;
  /**
   * Names in the verified client certificate: its common name and its DNS and URI alternative names. Empty
   * without a certificate.
   */
  readonly certificateNames: readonly string[];
}

/** A request above this size is counted at once. Smaller ones are counted when they have waited. */
export const COUNTED_AT_ONCE_BYTES = 16 * 1024;

/** Counts the bytes that the requests of calls without a slot hold in memory. */
export interface RequestMemory {
  /**
   * Reports that the request of `call` now holds `bytes` and, by its length prefix or header, will hold
   * `announcedBytes` when complete. May end the call.
   */
  count(call: Call, bytes: number, announcedBytes?: number): void;
  /** Reports that the call has a slot or has ended: its request is no longer counted. */
  release(call: Call): void;
  /** Returns the pause before more of a large request is read, milliseconds; 0: no pause. */
  paceMs(): number;
}

/** A call that waits for a slot. */
export interface WaitingCall {
  readonly call: Call;
  /** Time (`performance.now()`) at which it began to wait. */
  readonly since: number;
  /** How many times the queue had been processed by then. */
  readonly turn: number;
}

/** Decides whether a call runs at once. True: the call waits until `enter` or `fail`. */
interface Admission {
  admit(call: Call): boolean;
}

/**
 * One call on the server, the same for every listener. Handlers receive it as their context, and policies
 * work on it. Headers, signal and values are created when they are first read, so that a unary call that
 * reads none does not pay for them.
 */
export abstract class Call implements HandlerContext {
  readonly bound: BoundMethod;
  abstract readonly protocolName: string;
  abstract readonly peer: Peer;
  /** Identifies the connection: the same object for all its calls. */
  abstract get connection(): object;
  abstract get requestHeader(): Headers;
  /**
   * One request header by its lower-case name, without creating `requestHeader`. "host" is the authority of an
   * HTTP/2 request.
   */
  abstract header(name: string): string | undefined;
  /** Ends the call from outside its handler, as a deadline does. Does nothing when the call has ended. */
  abstract fail(reason: unknown): void;

  /** Whether the listener's protocol engine ends the call at its client's deadline. */
  readonly engineKeepsDeadline: boolean = false;
  /** Whether the listener's protocol engine ends a request whose body takes too long to arrive. */
  readonly engineTimesBody: boolean = false;
  /** Deadline of the call, epoch milliseconds; Infinity: none. */
  deadline = Number.POSITIVE_INFINITY;
  caller: Caller = ANONYMOUS;
  /**
   * Whether authentication has identified the caller, or is off. False for public RPCs of a server that
   * authenticates.
   */
  identified = false;
  /** Time (`performance.now()`) at which the call's headers arrived. */
  startedAt = 0;
  /** The trace of the call; undefined: a new trace that is not recorded. */
  trace: Context | undefined;
  /**
   * The trace that the caller wants recorded, kept until the caller is identified; undefined: there is none.
   */
  offeredTrace: Context | undefined;
  /** The recorded span; undefined when the call is not sampled. */
  span: Span | undefined;
  deadlineTimer: NodeJS.Timeout | undefined;
  /** Whether the deadline is measured from the complete request, when `startDeadline` is called. */
  readonly deadlineAfterRequest: boolean = false;
  /** Starts the deadline of a call with `deadlineAfterRequest`; set by the deadline policy. */
  startDeadline: (() => void) | undefined;
  /** The call's entry in the queue of the admission policy; undefined: the call has not waited. */
  waiting: ArrivalEntry<WaitingCall> | undefined;
  /** Whether the call holds a slot of the admission policy. */
  holdsSlot = false;
  /** Counts the bytes of the call's request; undefined once the call has a slot. */
  memory: RequestMemory | undefined;
  /** Whether the whole request has arrived, or the request is a stream that the handler reads. */
  requestComplete = false;
  /** Whether the `close` hooks of the policy chain have run. */
  closed = false;
  /** The first request message, for policies that need it in `close`; undefined: none could be read. */
  firstRequest: Message | undefined;
  /** The first response message; undefined: the call ended without one. */
  firstResponse: Message | undefined;
  /** Why the call was ended early; undefined while it runs and after a normal end. */
  aborted: ConnectError | undefined;

  /** Continues a call that waits for a slot; undefined: the call does not wait. */
  #onEnter: (() => void) | undefined;
  #controller: AbortController | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #values: ContextValues | undefined;
  #ids: ReceivedIds | undefined;
  #requestId: string | undefined;
  /** The trace of a call that is not recorded, while nothing needs its context. */
  #unrecorded: SpanContext | undefined;

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

  /**
   * The ids of the answer. The trace id is from the caller's `traceparent`, or is the trace id in the logs and
   * outgoing calls of this call. If this call begins the trace, the request id is the trace id, unless the client
   * sent a request id.
   */
  get answerIds(): AnswerIds {
    this.#ids ??= readReceivedIds(this.header(REQUEST_ID_HEADER), this.header("traceparent"));
    const { traceId: callerTraceId, isReplaced } = this.#ids;
    const traceId = this.span?.spanContext().traceId ?? callerTraceId ?? this.#ownTraceId;
    this.#requestId ??= this.#ids.requestId ?? (callerTraceId === undefined ? traceId : undefined) ?? randomUUID();
    return { requestId: this.#requestId, traceId, isReplaced };
  }

  /** The id of the trace that began with this call. */
  get #ownTraceId(): string | undefined {
    if (this.trace) return trace.getSpanContext(this.trace)?.traceId;
    this.#unrecorded ??= unsampledSpan();
    return this.#unrecorded.traceId;
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

  /** The response headers; undefined unless a handler has read them. */
  get setHeader(): Headers | undefined {
    return this.#responseHeader;
  }

  /** The response trailers; undefined unless a handler has read them. */
  get setTrailer(): Headers | undefined {
    return this.#responseTrailer;
  }

  /**
   * Returns the milliseconds until the deadline, below 0 after it; undefined: the call has no deadline. The
   * function is created on first read and bound, so that handlers can pass it on.
   */
  get timeoutMs(): () => number | undefined {
    return () => (this.deadline === Number.POSITIVE_INFINITY ? undefined : this.deadline - Date.now());
  }

  /**
   * Runs `work` when the policies admit the call: at once, or when a policy calls `enter`. `work` is a
   * callback, because a promise would cost a unary call as much as the rest of the chain together.
   * @throws the error of a policy's `admit`
   */
  whenAdmitted(policies: Admission, work: () => void): void {
    if (policies.admit(this)) this.#onEnter = work;
    else work();
  }

  /**
   * Like `whenAdmitted`, for calls that are asynchronous anyway. The promise may stay pending when the call
   * ends while it waits.
   */
  admitted(policies: Admission): Promise<void> {
    return new Promise((resolve) => this.whenAdmitted(policies, resolve));
  }

  /** Continues a call that waits because of a policy's `admit`. Does nothing when the call does not wait. */
  enter(): void {
    const work = this.#onEnter;
    this.#onEnter = undefined;
    work?.();
  }

  /**
   * Copies the received part of the request out of the larger network buffers that contain it. Returns the
   * bytes that it holds.
   */
  keepRequest(): number {
    return 0;
  }

  /** Turns a handler's answer into a message of the RPC's output type. */
  toResponse(answer: unknown): Message {
    const schema = this.method.output;
    const message = isMessage(answer, schema) ? answer : create(schema, answer as MessageInitShape<typeof schema>);
    this.firstResponse ??= message;
    return message;
  }

  /** Aborts `signal`: no client waits for the handler's answer any more. */
  abort(reason: ConnectError): void {
    if (this.aborted) return;
    this.aborted = reason;
    this.#controller?.abort(reason);
  }

  /** Aborts the signal of a call that ended successfully, so that listeners on the signal are removed. */
  release(): void {
    this.#controller?.abort(OVER);
  }

  /** The result of `context.active()` inside the handler. */
  get traceContext(): Context {
    this.trace ??= unsampledContext(ROOT_CONTEXT, this.#unrecorded);
    return this.trace;
  }

  /** Runs `work` in the call's trace context. */
  within<T>(work: () => T): T {
    return runInContext(this, work);
  }
}
