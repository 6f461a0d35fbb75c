import { constants, type ServerHttp2Stream } from "node:http2";
import { freeBytes } from "../call/free-bytes.ts";
import { ACCEPTED_ENCODINGS, inflateMessage } from "./compression.ts";
import { type Envelope, MessageReader, malformed, prefixed } from "./envelope.ts";
import type { FieldsByName, HeaderFields } from "./header-fields.ts";

/** Events of a stream, for the call on it. */
export interface GrpcStreamListener {
  /** The message for one `read`. */
  onMessage(bytes: Buffer): void;
  /**
   * A message is incomplete: `keptBytes` are held in memory, and `announcedBytes` will have arrived when it
   * is complete.
   */
  onPartial(keptBytes: number, announcedBytes: number): void;
  /**
   * A message is being inflated: `keptBytes` is the size of the compressed and the inflated bytes together.
   * False: stop, the message is not wanted any more.
   */
  onInflating(keptBytes: number): boolean;
  /** Answers a `read` when the client has ended its side of the stream. */
  onHalfClose(): void;
  /** The received bytes are not gRPC, or a message is too large. */
  onError(reason: unknown): void;
  /** The stream is closed, by either side. */
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
 * The gRPC protocol on one HTTP/2 stream of a server (gRPC over HTTP2). Each `read` delivers one request
 * message; headers, messages and trailers are sent. Anything sent after the stream's end is dropped.
 */
export class GrpcStream {
  readonly #stream: ServerHttp2Stream;
  readonly #options: GrpcStreamOptions;
  readonly #listener: GrpcStreamListener;
  readonly #reader: MessageReader;
  /** Whether a `read` waits for its message. */
  #reading = false;
  #halfClosed: boolean;
  #headSent = false;
  /** Whether the stream was ever paused. */
  #waited = false;
  /** Aborts the latest inflation of a message. */
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

  /** Whether the response headers have been sent. */
  get headSent(): boolean {
    return this.#headSent;
  }

  /** Bytes in memory for the received part of a message. */
  get keptBytes(): number {
    return this.#reader.keptBytes;
  }

  get #isOver(): boolean {
    return this.#trailers !== undefined || this.#stream.destroyed || this.#stream.closed;
  }

  /** Frees received bytes that were not delivered to the call. */
  drop(): void {
    this.#inflation?.abort();
    this.#reader.drop();
  }

  /** Requests the next message. */
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

  /**
   * `written` is called when the message has been written. It is never called when the stream has ended
   * before.
   */
  sendMessage(bytes: Uint8Array, written?: () => void): void {
    this.sendHead();
    if (this.#isOver) return;
    this.#stream.write(prefixed(bytes), written);
  }

  /** Ends the response with its trailers. */
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
      // The call has ended and its trailers are not a valid header block: the client gets a reset instead.
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    // The client may still be sending, and the server does not read it. node:http2 sends trailers one turn of
    // the event loop later.
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

  /** Answers a pending `read` if possible. Pauses the stream while no `read` is pending. */
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
    // Compressed bytes wait for their turn to inflate, in a buffer that can be freed.
    const kept = own ? bytes : ownBytes(bytes);
    const size = kept.length;
    this.#inflation = new AbortController();
    const options = {
      maxBytes: maxMessageBytes,
      shouldContinue: (inflatedBytes: number): boolean =>
        !this.#isOver && this.#listener.onInflating(size + inflatedBytes),
      signal: this.#inflation.signal,
      onUnused: () => freeBytes(own ?? kept),
    };
    inflateMessage(kept, encoding, options).then(
      (inflated) => this.#isOver || this.#listener.onMessage(inflated),
      (reason) => this.#listener.onError(reason),
    );
  }
}

/** A copy in a separate buffer. */
function ownBytes(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}

/** Discards unread bytes: Node keeps a closed stream until its readable side has ended. */
export function flush(stream: ServerHttp2Stream): void {
  if (stream.isPaused()) stream.resume();
}
