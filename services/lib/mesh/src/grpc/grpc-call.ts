import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { idFields } from "../call/answer-ids.ts";
import type { BoundMethod } from "../call/bound-method.ts";
import { Call, COUNTED_AT_ONCE_BYTES, type Peer } from "../call/call.ts";
import { freeBytes } from "../call/free-bytes.ts";
import { createMessageTimer } from "../call/message-timer.ts";
import { parseTimeout } from "../call/parse-timeout.ts";
import { plainBytes } from "../call/plain-bytes.ts";
import type { PolicyChain } from "../call/policy.ts";
import { rpcError } from "../errors/rpc-error.ts";
import { peerOfSession } from "../listener/peers.ts";
import { checkEncoding } from "./compression.ts";
import { malformed } from "./envelope.ts";
import { GrpcStream, type GrpcStreamListener } from "./grpc-stream.ts";
import { headerFields, headersOf } from "./header-fields.ts";
import { protocolError } from "./protocol-error.ts";
import { abandonStream, rejectStream, trailersOfError, trailersOfSuccess } from "./trailer-status.ts";
import { clearVerified } from "./verified-sessions.ts";

/** One RPC as the gRPC listener serves it. */
export interface GrpcMethod extends BoundMethod {
  readonly chain: PolicyChain;
  /** Maximum time to wait for the next message of a client's stream. */
  readonly messageTimeoutMs: number;
}

const NOTHING = (): void => {};
/**
 * Maximum number of bytes that node:http2 accepts on a stream that is not read: its buffer and the stream's
 * window.
 */
const UNREAD_STREAM_BYTES = 128 * 1024;

/**
 * One error for all canceled calls: creating an error costs more than the rest of a canceled call, and a
 * client can cancel many calls at once.
 */
let canceled: ConnectError | undefined;
/**
 * Returns the error of a canceled call. All share one. It is made on first use: its headers load Node's HTTP client, and a start
 * need not wait for that.
 */
const canceledError = (): ConnectError => {
  canceled ??= new ConnectError("canceled", Code.Canceled);
  return canceled;
};

/**
 * A call at the gRPC listener. The policies see its headers first, on the bare stream, so that a rejection
 * costs almost nothing. The messages arrive from the stream as bytes and are decoded here.
 */
export class GrpcCall extends Call implements GrpcStreamListener {
  readonly protocolName = "grpc";
  override readonly bound: GrpcMethod;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  /** The protocol on the stream; undefined until the policies have seen the headers. */
  #wire: GrpcStream | undefined;
  #requestHeader: Headers | undefined;
  #request: Buffer | undefined;
  #opening: void | Promise<void> = undefined;
  #ended = false;
  #isDecoded = false;
  /** Resumes a handler that waits for the next request message; undefined ends its stream. */
  #awaitingMessage: ((bytes: Buffer | undefined) => void) | undefined;
  /** Resumes a handler whose response message is being written. */
  #awaitingWrite: (() => void) | undefined;

  constructor(bound: GrpcMethod, stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    super(bound);
    this.bound = bound;
    this.#stream = stream;
    this.#headers = headers;
  }

  get peer(): Peer {
    return peerOfSession(this.#stream.session);
  }

  get connection(): object {
    return this.#stream.session ?? this;
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= headersOf(this.#headers);
    return this.#requestHeader;
  }

  header(name: string): string | undefined {
    const value = this.#headers[name] ?? (name === "host" ? this.#headers[":authority"] : undefined);
    return Array.isArray(value) ? value[0] : value;
  }

  /** Passes the headers to the policies. False: the call was rejected and its stream has been answered. */
  open(): boolean {
    const timeout = this.header("grpc-timeout");
    this.deadline = parseTimeout(timeout);
    const isMalformed = timeout !== undefined && this.deadline === Number.POSITIVE_INFINITY;
    try {
      this.#opening = this.bound.chain.open(this);
      this.#opening?.catch((reason) => this.fail(reason));
      checkEncoding(this.#encoding);
      if (isMalformed) throw malformed(`grpc-timeout ${JSON.stringify(timeout)} is not a time`);
    } catch (reason) {
      this.fail(reason);
      return false;
    }
    return true;
  }

  get #encoding(): string | undefined {
    return this.header("grpc-encoding");
  }

  /** Starts to read the request messages, after `open`. */
  start(): void {
    const options = { maxMessageBytes: this.bound.limits.maxRequestBytes, encoding: this.#encoding };
    this.#wire = new GrpcStream(this.#stream, options, this);
    this.requestComplete = this.bound.streamsIn;
    if (this.bound.streamsIn) this.#runStream(() => this.#inbound());
    else this.#wire.read();
  }

  override keepRequest(): number {
    if (this.bound.streamsIn) return UNREAD_STREAM_BYTES;
    const bytes = this.#request;
    if (!bytes) return this.#wire?.keptBytes ?? 0;
    if (bytes.buffer.byteLength > 2 * bytes.length) {
      const own = Buffer.allocUnsafeSlow(bytes.length);
      bytes.copy(own);
      this.#request = own;
    }
    return bytes.length;
  }

  onPartial(keptBytes: number, announcedBytes: number): void {
    this.memory?.count(this, keptBytes, announcedBytes);
  }

  onInflating(keptBytes: number): boolean {
    this.memory?.count(this, keptBytes);
    return !this.#ended;
  }

  onMessage(bytes: Buffer): void {
    if (this.bound.streamsIn) {
      this.#awaitingMessage?.(bytes);
    } else if (this.#request) {
      this.fail(protocolError(Code.Unimplemented, "received extra input message"));
    } else {
      this.#request = bytes;
      if (bytes.length > COUNTED_AT_ONCE_BYTES) this.memory?.count(this, bytes.length);
      this.#wire?.read();
    }
  }

  onHalfClose(): void {
    this.requestComplete = true;
    if (this.bound.streamsIn) {
      this.#awaitingMessage?.(undefined);
    } else if (!this.#request) {
      this.fail(protocolError(Code.Unimplemented, "missing input message"));
    } else if (this.bound.streamsOut) {
      const bytes = this.#request;
      this.#runStream(() => this.#decode(bytes));
    } else {
      this.#runUnary(this.#request);
    }
  }

  onError(reason: unknown): void {
    this.fail(reason);
  }

  /** Called when the client has closed the stream, or the call has ended. */
  onClose(): void {
    if (this.#ended) return;
    const late = this.deadline <= Date.now();
    this.#end(late ? new ConnectError("deadline exceeded", Code.DeadlineExceeded) : canceledError());
  }

  fail(reason: unknown): void {
    if (this.#ended) return;
    let error = this.bound.chain.toError(reason, this);
    try {
      if (this.setHeader) this.#wire?.sendHead(headerFields(this.setHeader));
      this.#sendError(error, this.setTrailer);
    } catch (unsendable) {
      error = this.bound.chain.toError(unsendable, this);
      this.#sendBareError(error);
    }
    this.#end(error);
  }

  /**
   * Sends the error without the metadata that could not be sent. Never throws: calls also fail in event
   * listeners and timers.
   */
  #sendBareError(error: ConnectError): void {
    try {
      this.#sendError(error, undefined);
    } catch {
      abandonStream(this.#stream);
    }
  }

  #sendError(error: ConnectError, trailer: Headers | undefined): void {
    if (this.#wire?.headSent) this.#wire.end(trailersOfError(error, trailer, this.answerIds));
    else rejectStream(this.#stream, error, this.answerIds, trailer);
  }

  #end(error: ConnectError | undefined): void {
    this.#ended = true;
    if (error) {
      if (error.code === Code.Unauthenticated) clearVerified(this.#stream.session as ServerHttp2Session | undefined);
      this.#wire?.drop();
      // A decoded message may contain views of these bytes, so they are freed only before decoding.
      if (this.#request && !this.#isDecoded) freeBytes(this.#request);
      this.#request = undefined;
      this.abort(error);
    }
    // A stream that waits for its slot resumes and sees that the call has ended.
    this.enter();
    this.#awaitingMessage?.(undefined);
    this.#awaitingWrite?.();
    this.bound.chain.close(this, error);
  }

  #succeed(): void {
    this.#wire?.end(trailersOfSuccess(this.setTrailer, this.answerIds));
    this.#end(undefined);
  }

  // A unary call stays synchronous from the last request byte to the status, unless a policy or the handler
  // waits.

  #runUnary(bytes: Buffer): void {
    if (this.#opening) {
      this.#opening.then(() => this.#admitUnary(bytes), NOTHING);
    } else {
      this.#admitUnary(bytes);
    }
  }

  #admitUnary(bytes: Buffer): void {
    if (this.#ended) return;
    try {
      this.whenAdmitted(this.bound.chain, () => this.#answerUnary(bytes));
    } catch (reason) {
      this.fail(reason);
    }
  }

  #answerUnary(bytes: Buffer): void {
    if (this.#ended) return;
    try {
      const request = this.#decode(bytes);
      const answer = this.within(() => this.bound.handler(request, this));
      if (!(answer instanceof Promise)) this.#sendUnary(answer);
      else
        answer.then(
          (message) => this.#sendUnary(message),
          (reason) => this.fail(reason),
        );
    } catch (reason) {
      this.fail(reason);
    }
  }

  #sendUnary(answer: unknown): void {
    if (this.#ended) return;
    try {
      const bytes = this.#encode(answer);
      if (this.setHeader) this.#wire?.sendHead(headerFields(this.setHeader));
      this.#wire?.sendMessage(bytes);
      this.#succeed();
    } catch (reason) {
      this.fail(reason);
    }
  }

  async #runStream(takeInput: () => unknown): Promise<void> {
    try {
      await this.#opening;
      if (this.#ended) return;
      await this.admitted(this.bound.chain);
      if (this.#ended) return;
      const input = takeInput();
      const answer = this.within(() => this.bound.handler(input, this));
      if (this.bound.streamsOut) await this.#sendStream(answer as AsyncIterable<unknown>);
      else this.#sendUnary(await answer);
    } catch (reason) {
      this.fail(reason);
    }
  }

  async #sendStream(answers: AsyncIterable<unknown>): Promise<void> {
    const iterator = answers[Symbol.asyncIterator]();
    let headSent = false;
    let done = false;
    try {
      while (!this.#ended) {
        // Each pull runs in the call's context: otherwise spans of a streaming handler would have no parent.
        const next = await this.within(() => iterator.next());
        done = next.done === true;
        if (this.#ended) return;
        // The trailers of a watch come too late for somebody who looks for it in the logs.
        if (!headSent)
          this.#wire?.sendHead([
            ...(this.setHeader ? headerFields(this.setHeader) : []),
            ...idFields(this.answerIds).flat(),
          ]);
        headSent = true;
        if (next.done) {
          this.#succeed();
          return;
        }
        await this.#write(this.#encode(next.value));
      }
    } finally {
      if (!done) iterator.return?.().catch(NOTHING);
    }
  }

  /**
   * Writes a response message. Resolves when the message has been written or the call has ended, so that the
   * handler is not faster than its client.
   */
  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#awaitingWrite = resolve;
      this.#wire?.sendMessage(bytes, resolve);
    });
  }

  async *#inbound(): AsyncGenerator<Message> {
    const timer = createMessageTimer(this, this.bound.messageTimeoutMs);
    try {
      while (true) {
        timer.start();
        const bytes = await this.#nextBytes();
        timer.stop();
        if (this.aborted) throw this.aborted;
        if (bytes === undefined) return;
        yield this.#decode(bytes);
      }
    } finally {
      timer.clear();
    }
  }

  #nextBytes(): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      if (this.#ended) {
        resolve(undefined);
        return;
      }
      this.#awaitingMessage = resolve;
      this.#wire?.read();
    });
  }

  #decode(bytes: Buffer): Message {
    const message = decodeMessage(this, bytes);
    this.#isDecoded = true;
    this.bound.chain.message(this, message);
    return message;
  }

  #encode(answer: unknown): Uint8Array {
    return toBinary(this.method.output, this.toResponse(answer));
  }
}

function decodeMessage(call: Call, bytes: Buffer): Message {
  try {
    return fromBinary(call.method.input, plainBytes(bytes));
  } catch (cause) {
    const text = `request is not a valid ${call.method.input.typeName}`;
    throw rpcError(Code.InvalidArgument, "MALFORMED_MESSAGE", text, { cause });
  }
}
