import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import * as grpc from "@grpc/grpc-js";
import { Call, type Peer } from "./call.ts";
import { refuseStream, statusFromError } from "./grpc-status.ts";
import { deadlineFrom } from "./grpc-timeout.ts";
import { headersFromMetadata, metadataFromHeaders, plainBytes } from "./metadata.ts";
import type { PolicyChain } from "./policy.ts";
import { refusal } from "./refusal.ts";
import type { BoundMethod } from "./route.ts";

/** One RPC as the gRPC door serves it. */
export interface GrpcMethod extends BoundMethod {
  readonly chain: PolicyChain;
  /** The other end of a stream's connection. */
  readonly peerOf: (stream: ServerHttp2Stream) => Peer;
}

const NOTHING = (): void => {};
const NO_METADATA = new grpc.Metadata();
/** One for all: making an error costs more than the rest of a call that is taken back, and a flood takes back many. */
const CANCELED = new ConnectError("canceled", Code.Canceled);
const OK: Parameters<grpc.ServerInterceptingCallInterface["sendStatus"]>[0] = {
  code: grpc.status.OK,
  details: "",
  metadata: null,
};

/**
 * A call at the gRPC door. The policies see its headers first, on the bare stream: one that they refuse costs nothing of grpc-js.
 * The others are grpc-js's, driven at the seam of its server interceptors: this object takes the place of the call listener, so that
 * grpc-js builds neither a Readable nor a Writable for it. Messages cross the seam as bytes and are decoded here.
 */
export class GrpcCall extends Call {
  readonly protocolName = "grpc";
  override readonly bound: GrpcMethod;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  /** grpc-js's side of the call, once its headers have been looked at. */
  #base: grpc.ServerInterceptingCallInterface | undefined;
  #metadata = NO_METADATA;
  #requestHeader: Headers | undefined;
  #request: Buffer | undefined;
  #opening: void | Promise<void> = undefined;
  #ended = false;
  /** Wakes a handler that waits for the next inbound message; undefined ends its stream. */
  #awaitingMessage: ((bytes: Buffer | undefined) => void) | undefined;
  #inbox: (Buffer | undefined)[] | undefined;
  /** Lets a streaming call in. */
  #awaitingTurn: (() => void) | undefined;
  /** Wakes a handler whose outbound message is being written. */
  #awaitingWrite: (() => void) | undefined;

  constructor(bound: GrpcMethod, stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    super(bound);
    this.bound = bound;
    this.#stream = stream;
    this.#headers = headers;
  }

  get peer(): Peer {
    return this.bound.peerOf(this.#stream);
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= headersFromMetadata(this.#metadata);
    return this.#requestHeader;
  }

  header(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** Shows the headers to the policies. False: the call was refused, and its stream is answered. */
  open(): boolean {
    this.deadline = deadlineFrom(this.header("grpc-timeout"));
    try {
      this.#opening = this.bound.chain.open(this);
    } catch (reason) {
      this.fail(reason);
      return false;
    }
    this.#opening?.catch((reason) => this.fail(reason));
    return true;
  }

  /** Goes on with grpc-js, after `open`. */
  attach(base: grpc.ServerInterceptingCallInterface): this {
    this.#base = base;
    return this;
  }

  /** grpc-js hands over its own listener; we listen ourselves. */
  start(): void {
    this.#base?.start(this);
  }

  onReceiveMetadata(metadata: grpc.Metadata): void {
    this.#metadata = metadata;
    if (this.bound.streamsIn) this.#runStream(() => this.#inbound());
    else this.#base?.startRead();
  }

  onReceiveMessage(bytes: Buffer): void {
    if (this.bound.streamsIn) {
      this.#deliver(bytes);
    } else if (this.#request) {
      this.fail(new ConnectError("received extra input message", Code.Unimplemented));
    } else {
      this.#request = bytes;
      this.#base?.startRead();
    }
  }

  onReceiveHalfClose(): void {
    if (this.bound.streamsIn) {
      this.#deliver(undefined);
    } else if (!this.#request) {
      this.fail(new ConnectError("missing input message", Code.Unimplemented));
    } else if (this.bound.streamsOut) {
      const bytes = this.#request;
      this.#runStream(() => this.#decode(bytes));
    } else {
      this.#runUnary(this.#request);
    }
  }

  /** The stream is closed: the client went, the deadline of grpc-js passed, or grpc-js refused a message. Comes after a normal end too. */
  onCancel(): void {
    if (this.#ended) return;
    const late = this.deadline <= Date.now();
    this.#end(late ? new ConnectError("deadline exceeded", Code.DeadlineExceeded) : CANCELED);
  }

  fail(reason: unknown): void {
    if (this.#ended) return;
    const error = this.bound.chain.toError(reason, this);
    if (this.setHeader) this.#base?.sendMetadata(metadataFromHeaders(this.setHeader));
    if (this.#base) this.#base.sendStatus(statusFromError(error, this.setTrailer));
    else refuseStream(this.#stream, error);
    this.#end(error);
  }

  #end(error: ConnectError | undefined): void {
    this.#ended = true;
    if (error) this.abort(error);
    this.#awaitingTurn?.();
    this.#awaitingMessage?.(undefined);
    this.#awaitingWrite?.();
    this.bound.chain.close(this, error);
  }

  #succeed(): void {
    this.#base?.sendStatus(this.setTrailer ? { ...OK, metadata: metadataFromHeaders(this.setTrailer) } : OK);
    this.#end(undefined);
  }

  // A unary call stays synchronous from the last byte in to the status out unless a policy or the handler waits.

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
      if (!this.bound.chain.admit(this)) this.#answerUnary(bytes);
    } catch (reason) {
      this.fail(reason);
    }
  }

  /** Its turn has come. */
  enter(): void {
    if (this.#awaitingTurn) this.#awaitingTurn();
    else if (this.#request) this.#answerUnary(this.#request);
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
      if (this.setHeader) this.#base?.sendMetadata(metadataFromHeaders(this.setHeader));
      this.#base?.sendMessage(bytes, NOTHING);
    } catch (reason) {
      this.fail(reason);
      return;
    }
    this.#succeed();
  }

  async #runStream(takeInput: () => unknown): Promise<void> {
    try {
      await this.#opening;
      if (this.#ended) return;
      if (this.bound.chain.admit(this)) await this.#turn();
      if (this.#ended) return;
      const input = takeInput();
      const answer = this.within(() => this.bound.handler(input, this));
      if (this.bound.streamsOut) await this.#sendStream(answer as AsyncIterable<unknown>);
      else this.#sendUnary(await answer);
    } catch (reason) {
      this.fail(reason);
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#awaitingTurn = resolve;
    });
  }

  async #sendStream(answers: AsyncIterable<unknown>): Promise<void> {
    const iterator = answers[Symbol.asyncIterator]();
    let headSent = false;
    try {
      while (!this.#ended) {
        // Each pull in the call's context: spans that a streaming handler makes would lose their parent otherwise.
        const next = await this.within(() => iterator.next());
        if (this.#ended) return;
        if (!headSent && this.setHeader) this.#base?.sendMetadata(metadataFromHeaders(this.setHeader));
        headSent = true;
        if (next.done) {
          this.#succeed();
          return;
        }
        await this.#write(this.#encode(next.value));
      }
    } finally {
      if (this.#ended) iterator.return?.().catch(NOTHING);
    }
  }

  /** Resolves when the message is written, or the call has ended: this is the back-pressure. */
  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#awaitingWrite = resolve;
      this.#base?.sendMessage(bytes, resolve);
    });
  }

  #deliver(bytes: Buffer | undefined): void {
    const wake = this.#awaitingMessage;
    this.#awaitingMessage = undefined;
    if (wake) {
      wake(bytes);
    } else {
      this.#inbox ??= [];
      this.#inbox.push(bytes);
    }
  }

  async *#inbound(): AsyncGenerator<Message> {
    while (true) {
      const bytes = this.#inbox?.length ? this.#inbox.shift() : await this.#nextBytes();
      if (this.aborted) throw this.aborted;
      if (bytes === undefined) return;
      yield this.#decode(bytes);
    }
  }

  #nextBytes(): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      if (this.#ended) {
        resolve(undefined);
        return;
      }
      this.#awaitingMessage = resolve;
      this.#base?.startRead();
    });
  }

  #decode(bytes: Buffer): Message {
    const { method, limits, chain } = this.bound;
    if (bytes.byteLength > limits.maxRequestBytes) {
      const text = `message of ${bytes.byteLength} bytes is larger than the ${limits.maxRequestBytes} bytes that ${method.name} takes`;
      throw refusal(Code.ResourceExhausted, "MESSAGE_TOO_LARGE", text);
    }
    const message = decodeMessage(this, bytes);
    chain.message(this, message);
    return message;
  }

  #encode(answer: unknown): Buffer {
    const bytes = toBinary(this.method.output, this.toResponse(answer));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

function decodeMessage(call: Call, bytes: Buffer): Message {
  try {
    return fromBinary(call.method.input, plainBytes(bytes));
  } catch (cause) {
    const text = `request is not a valid ${call.method.input.typeName}`;
    throw refusal(Code.InvalidArgument, "MALFORMED_MESSAGE", text, { cause });
  }
}
