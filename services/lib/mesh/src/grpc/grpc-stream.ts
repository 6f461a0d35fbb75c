import { constants, type ServerHttp2Stream } from "node:http2";
import { freeBytes } from "../call/free-bytes.ts";
import { ACCEPTED_ENCODINGS, inflateMessage } from "./compression.ts";
import { type Envelope, MessageReader, malformed, prefixed } from "./envelope.ts";
import type { FieldsByName, HeaderFields } from "./header-fields.ts";

/** What a stream tells the call on it. */
export interface GrpcStreamListener {
  /** The answer to one `read`. */
  onMessage(bytes: Buffer): void;
  /** A message has begun and is not complete: so many bytes are kept, and so many will have come. */
  onPartial(keptBytes: number, announcedBytes: number): void;
  /** A message is being inflated, and is so large by now, both forms together. False: it is not wanted any more. */
  onInflating(keptBytes: number): boolean;
  /** The answer to a `read` when the client has sent all it will. */
  onHalfClose(): void;
  /** What came is not gRPC, or too large. */
  onError(reason: unknown): void;
  /** The stream is gone, whoever ended it. */
  onClose(): void;
}

export interface GrpcStreamOptions {
  readonly maxMessageBytes: number;
  /** `grpc-encoding` of the request. */
  readonly encoding: string | undefined;
}

const HEAD = [":status", "200", "content-type", "application/grpc+proto", "grpc-accept-encoding", ACCEPTED_ENCODINGS];
const HEAD_OPTIONS = { waitForTrailers: true, sendDate: false };

/**
 * The gRPC protocol on one HTTP/2 stream of a server (gRPC over HTTP2): messages in, one for each `read`; head, messages and
 * trailers out. What is sent after the stream's end is dropped.
 */
export class GrpcStream {
  readonly #stream: ServerHttp2Stream;
  readonly #options: GrpcStreamOptions;
  readonly #listener: GrpcStreamListener;
  readonly #reader: MessageReader;
  /** Whether a `read` has not been answered. */
  #reading = false;
  #halfClosed: boolean;
  #headSent = false;
  /** Whether the client ever had to wait. */
  #waited = false;
  /** Ends the latest inflation of a message. */
  #inflation: AbortController | undefined;
  #trailers: FieldsByName | undefined;

  constructor(stream: ServerHttp2Stream, options: GrpcStreamOptions, listener: GrpcStreamListener) {
    this.#stream = stream;
    this.#options = options;
    this.#listener = listener;
    this.#reader = new MessageReader(options.maxMessageBytes);
    this.#halfClosed = stream.readableEnded;
    stream.on("data", (chunk: Buffer) => this.#onData(chunk));
    stream.on("end", () => this.#onEnd());
    stream.on("close", () => listener.onClose());
  }

  /** Whether something of the answer is out. */
  get headSent(): boolean {
    return this.#headSent;
  }

  /** Bytes that the part of a message that has come keeps. */
  get keptBytes(): number {
    return this.#reader.keptBytes;
  }

  get #isOver(): boolean {
    return this.#trailers !== undefined || this.#stream.destroyed || this.#stream.closed;
  }

  /** Frees what has come and was not given to the call. */
  drop(): void {
    this.#inflation?.abort();
    this.#reader.drop();
  }

  /** Asks for the next message. */
  read(): void {
    this.#reading = true;
    this.#advance();
  }

  sendHead(fields: HeaderFields = []): void {
    if (this.#headSent || this.#isOver) return;
    this.#stream.respond(fields.length === 0 ? HEAD : [...HEAD, ...fields], HEAD_OPTIONS);
    this.#stream.on("wantTrailers", () => this.#sendTrailers());
    this.#headSent = true;
  }

  /** `written` is called when the message has left; never, when the stream is over. */
  sendMessage(bytes: Uint8Array, written?: () => void): void {
    this.sendHead();
    if (this.#isOver) return;
    this.#stream.write(prefixed(bytes), written);
  }

  /** Ends the answer. */
  end(trailers: FieldsByName): void {
    this.sendHead();
    if (this.#isOver) return;
    this.#trailers = trailers;
    this.#stream.end();
    flush(this.#stream);
  }

  #sendTrailers(): void {
    const stream = this.#stream;
    if (!this.#trailers || stream.destroyed || stream.closed) return;
    try {
      stream.sendTrailers(this.#trailers as Record<string, string | string[]>);
    } catch {
      // The call has ended, and what it ended with is no header block: its client gets a reset instead.
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    // The client may still be sending: nobody reads that. node:http2 sends trailers one turn later.
    if (!this.#halfClosed) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
  }

  #onData(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#reader.push(chunk);
    this.#advance();
  }

  #onEnd(): void {
    this.#halfClosed = true;
    this.#advance();
  }

  /** Answers a `read` if it can; lets the client wait while there is none. */
  #advance(): void {
    if (this.#isOver) return;
    try {
      if (this.#reading) this.#answer();
      else if (this.#reader.isHolding) this.#wait();
    } catch (reason) {
      this.#listener.onError(reason);
    }
  }

  #wait(): void {
    const stream = this.#stream;
    if (!this.#waited) stream.on("aborted", () => flush(stream));
    this.#waited = true;
    stream.pause();
  }

  #answer(): void {
    const frame = this.#reader.next();
    if (frame) {
      this.#reading = false;
      this.#deliver(frame);
    } else if (!this.#halfClosed) {
      if (this.#reader.isHolding) {
        this.#reader.compact();
        this.#listener.onPartial(this.#reader.keptBytes, this.#reader.announcedBytes);
      }
      if (this.#stream.isPaused()) this.#stream.resume();
    } else if (this.#reader.isHolding) {
      throw malformed("the request ends within a message");
    } else {
      this.#reading = false;
      this.#listener.onHalfClose();
    }
  }

  #deliver({ compressed, bytes, own }: Envelope): void {
    if (!compressed) {
      this.#listener.onMessage(bytes);
      return;
    }
    const { encoding, maxMessageBytes } = this.#options;
    // They wait for their turn: in a buffer that can be freed.
    const kept = own ? bytes : ownBytes(bytes);
    const size = kept.length;
    this.#inflation = new AbortController();
    const options = {
      maxBytes: maxMessageBytes,
      goesOn: (inflatedBytes: number): boolean => !this.#isOver && this.#listener.onInflating(size + inflatedBytes),
      signal: this.#inflation.signal,
      onUnused: () => freeBytes(own ?? kept),
    };
    inflateMessage(kept, encoding, options).then(
      (inflated) => this.#isOver || this.#listener.onMessage(inflated),
      (reason) => this.#listener.onError(reason),
    );
  }
}

/** A copy in a buffer of its own. */
function ownBytes(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}

/** Lets what nobody reads go: Node holds a closed stream until its readable side has ended. */
export function flush(stream: ServerHttp2Stream): void {
  if (stream.isPaused()) stream.resume();
}
