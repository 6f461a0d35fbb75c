import { constants, type ServerHttp2Stream } from "node:http2";
import { freeBytes } from "../call/free-bytes.ts";
import { ACCEPTED_ENCODINGS, inflateMessage } from "./compression.ts";
import { type Envelope, MessageReader, malformed, prefixed } from "./envelope.ts";
import type { FieldsByName, HeaderFields } from "./header-fields.ts";

/** Functions that a stream calls; a call implements them. */
export interface GrpcStreamListener {
  /** Called with the message that a `read` requested. */
  onMessage(bytes: Buffer): void;
  /**
   * Called while a message is incomplete: `keptBytes` of it are in memory; its whole size is
   * `announcedBytes`.
   */
  onPartial(keptBytes: number, announcedBytes: number): void;
  /**
   * Called while a message is decompressed. `keptBytes` is the size of the compressed and the decompressed
   * bytes together. Return false to stop: the message is no longer needed.
   */
  onInflating(keptBytes: number): boolean;
  /** Called instead of `onMessage` when the client has ended its side of the stream. */
  onHalfClose(): void;
  /** Called when the received bytes are not gRPC, or when a message is too large. */
  onError(reason: unknown): void;
  /** Called when the client or the server has closed the stream. */
  onClose(): void;
}

export interface GrpcStreamOptions {
  readonly maxMessageBytes: number;
  /** Value of the request header `grpc-encoding`. */
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
  /** Whether the stream was paused at any time. */
  #waited = false;
  /** Aborts the decompression of the latest message. */
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

  /** Number of bytes that the received part of a message uses in memory. */
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
   * Sends a response message. `written` is called when the message has been written, but not when the stream
   * has ended before that.
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
    // The client may still be sending data that the server does not read. node:http2 sends the trailers in
    // the next iteration of the event loop, and the stream is closed after that.
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
    // Compressed bytes may have to wait until other messages are decompressed. They wait in a buffer of their
    // own, which can be freed.
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

/** Returns a copy in a separate buffer. */
function ownBytes(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}

/** Discards unread bytes: Node keeps a closed stream until its readable side has ended. */
export function flush(stream: ServerHttp2Stream): void {
  if (stream.isPaused()) stream.resume();
}
