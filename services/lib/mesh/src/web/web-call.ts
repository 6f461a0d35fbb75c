import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { TRACE_ID_HEADER } from "../call/answer-ids.ts";
import type { BoundMethod } from "../call/bound-method.ts";
import { Call, COUNTED_AT_ONCE_BYTES, type Peer } from "../call/call.ts";
import { createMessageTimer } from "../call/message-timer.ts";
import type { PolicyChain } from "../call/policy.ts";
import { errorHeaders } from "../errors/error-headers.ts";
import { bodyKey } from "./interruptible-body.ts";
import { explainMalformed, explainTooLarge } from "./malformed-request.ts";
import { checkQuery } from "./protocol-query.ts";
import { jsonRecordKey } from "./recorded-json.ts";

const NOTHING = (): void => {};

/** Maximum number of bytes of a request that Node has read and the engine has not: Node's largest read. */
const READ_AHEAD_BYTES = 64 * 1024;

/** The options of a call, from the web listener. */
export interface WebCallInit {
  readonly bound: BoundMethod;
  readonly chain: PolicyChain;
  readonly context: HandlerContext;
  readonly peer: Peer;
  /** Whether query parameters that the protocol does not know are an error. */
  readonly strict: boolean;
  /** Identifies the connection: the same object for all its calls. */
  readonly connection: object;
  /** Maximum time to wait for the next message of a client's stream. */
  readonly messageTimeoutMs: number;
}

/**
 * A call on connect-node: Connect, gRPC-Web, JSON, and gRPC over HTTP/2. connect-node's request gate opens
 * the call, and its implementation admits and answers it. The end of connect-node's signal closes the call if
 * nothing else has.
 */
export class WebCall extends Call {
  readonly protocolName: string;
  readonly peer: Peer;
  readonly connection: object;
  override readonly engineKeepsDeadline = true;
  override readonly engineTimesBody: boolean;
  readonly #context: HandlerContext;
  readonly #chain: PolicyChain;
  readonly #strict: boolean;
  readonly #messageTimeoutMs: number;
  /** Whether the engine has decoded the message and called the handler. */
  #answering = false;
  /** Length of the request's body by its header; 0: the header is missing. */
  readonly #announcedBytes: number;
  #arrivedBytes = 0;
  #inflatedBytes = 0;
  /**
   * Rejects the promise that the engine awaits: a call fails even when its handler does not observe the
   * signal.
   */
  #reject: ((error: ConnectError) => void) | undefined;

  constructor({ bound, chain, context, peer, connection, messageTimeoutMs, strict }: WebCallInit) {
    super(bound);
    this.#strict = strict;
    this.protocolName = context.protocolName;
    this.peer = peer;
    this.connection = connection;
    this.#messageTimeoutMs = messageTimeoutMs;
    this.#chain = chain;
    this.#context = context;
    const timeoutMs = context.timeoutMs();
    if (timeoutMs !== undefined) this.deadline = Date.now() + timeoutMs;
    this.requestComplete = bound.streamsIn;
    const body = context.values.get(bodyKey);
    this.#announcedBytes = body?.announcedBytes ?? 0;
    this.engineTimesBody = body?.isTimed ?? false;
    body?.listen({
      arrived: (bytes) => this.#count(bytes),
      paceMs: () => this.#paceMs(),
      complete: () => {
        this.requestComplete = true;
      },
    });
    context.signal.addEventListener("abort", () => this.#engineEnded(context.signal.reason), { once: true });
  }

  get failure(): ConnectError | undefined {
    return this.aborted;
  }

  override get requestMethod(): string {
    return this.#context.requestMethod;
  }

  override get url(): string {
    return this.#context.url;
  }

  override get responseHeader(): Headers {
    return this.#context.responseHeader;
  }

  override get responseTrailer(): Headers {
    return this.#context.responseTrailer;
  }

  get requestHeader(): Headers {
    return this.#context.requestHeader;
  }

  header(name: string): string | undefined {
    const value = this.#context.requestHeader.get(name) ?? undefined;
    // HTTP/2 has the host in a pseudo-header, which the engine has put into the URL.
    return value === undefined && name === "host" ? new URL(this.url).host : value;
  }

  fail(reason: unknown): void {
    if (this.closed) return;
    const error = this.#chain.toError(reason, this);
    this.#identify();
    // Only a unary Connect call is answered with an HTTP status.
    if (this.protocolName === "connect" && !this.bound.streamsIn && !this.bound.streamsOut)
      for (const [name, value] of errorHeaders(error)) this.#context.responseHeader.set(name, value);
    this.abort(error);
    if (!this.#answering) this.#context.values.get(bodyKey)?.interrupt(error);
    this.#reject?.(error);
    this.#chain.close(this, error);
  }

  /** Adds the trace of the call to the answer. The listener has added the id of the request. */
  #identify(): void {
    const { traceId } = this.answerIds;
    if (traceId !== undefined) this.#context.responseHeader.set(TRACE_ID_HEADER, traceId);
  }

  override keepRequest(): number {
    const readAhead = this.#arrivedBytes > COUNTED_AT_ONCE_BYTES && !this.requestComplete ? READ_AHEAD_BYTES : 0;
    return this.#arrivedBytes + this.#inflatedBytes + readAhead;
  }

  /**
   * Called with the number of decompressed bytes of a message so far. Returns false to stop: the message is
   * not needed any more.
   */
  inflating(inflatedBytes: number): boolean {
    this.#inflatedBytes = inflatedBytes;
    this.memory?.count(this, this.keepRequest());
    return !this.closed;
  }

  /** Returns the pause before more of a large request is read, milliseconds; 0: no pause. */
  #paceMs(): number {
    return this.#arrivedBytes > COUNTED_AT_ONCE_BYTES ? (this.memory?.paceMs() ?? 0) : 0;
  }

  #count(arrivedBytes: number): void {
    this.#arrivedBytes = arrivedBytes;
    if (arrivedBytes > COUNTED_AT_ONCE_BYTES) this.memory?.count(this, this.keepRequest(), this.#announcedBytes);
  }

  /** Runs the chain's `open`. @throws ConnectError */
  async open(): Promise<void> {
    try {
      await this.#chain.open(this);
      this.#identify();
      checkQuery(this.requestMethod, this.url, this.#strict);
    } catch (reason) {
      this.fail(reason);
      throw this.aborted;
    }
  }

  /** Answers with one message. @throws ConnectError */
  async answer(input: Message | AsyncIterable<Message>): Promise<unknown> {
    this.#answering = true;
    try {
      await this.#orFailure(this.admitted(this.#chain));
      const answer = this.#handle(input);
      const message = this.toResponse(answer instanceof Promise ? await this.#orFailure(answer) : answer);
      if (this.aborted) throw this.aborted;
      this.#chain.close(this, undefined);
      return message;
    } catch (reason) {
      this.fail(reason);
      throw this.aborted;
    }
  }

  /** Answers with a stream. @throws ConnectError */
  async *answerStream(input: Message | AsyncIterable<Message>): AsyncGenerator<unknown> {
    this.#answering = true;
    try {
      await this.#orFailure(this.admitted(this.#chain));
      const iterator = (this.#handle(input) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      let done = false;
      try {
        while (true) {
          const next = await this.#orFailure(this.within(() => iterator.next()));
          if (next.done) break;
          yield this.toResponse(next.value);
        }
        done = true;
      } finally {
        if (!done) iterator.return?.().catch(NOTHING);
      }
      this.#chain.close(this, undefined);
    } catch (reason) {
      this.fail(reason);
      throw this.aborted;
    } finally {
      if (!this.closed) this.fail(new ConnectError("canceled", Code.Canceled));
    }
  }

  #handle(input: Message | AsyncIterable<Message>): unknown {
    if (Symbol.asyncIterator in input) return this.within(() => this.bound.handler(this.#checked(input), this));
    this.#context.values.get(jsonRecordKey)?.read();
    this.#chain.message(this, input);
    return this.within(() => this.bound.handler(input, this));
  }

  async *#checked(messages: AsyncIterable<Message>): AsyncGenerator<Message> {
    const iterator = messages[Symbol.asyncIterator]();
    const timer = createMessageTimer(this, this.#messageTimeoutMs);
    try {
      while (true) {
        timer.start();
        const next = await iterator.next().catch((error) => {
          if (error instanceof ConnectError) this.#explain(error);
          throw error;
        });
        timer.stop();
        if (next.done) return;
        this.#context.values.get(jsonRecordKey)?.read();
        this.#chain.message(this, next.value);
        yield next.value;
      }
    } finally {
      timer.clear();
      iterator.return?.()?.catch(NOTHING);
    }
  }

  /**
   * Waits for `work` or for `fail`. One slot instead of Promise.race, because a race per message would
   * accumulate on a long stream.
   */
  #orFailure<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.aborted) {
        work.catch(NOTHING);
        reject(this.aborted);
        return;
      }
      this.#reject = reject;
      work.then(resolve, reject);
    });
  }

  #explain(error: ConnectError): void {
    const record = this.#context.values.get(jsonRecordKey);
    if (!explainTooLarge(error, this.bound.limits.maxRequestBytes, record !== undefined))
      explainMalformed(error, this.method.input, record);
  }

  #engineEnded(reason: unknown): void {
    if (this.closed) return;
    if (reason instanceof ConnectError && !this.#answering) this.#explain(reason);
    this.fail(reason instanceof ConnectError ? reason : new ConnectError("canceled", Code.Canceled));
  }
}
