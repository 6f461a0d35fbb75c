import { Code, type ConnectError } from "@connectrpc/connect";
import { freeBytes } from "../call/free-bytes.ts";
import { rpcError } from "../errors/rpc-error.ts";
import { protocolError } from "./protocol-error.ts";

/** Length of the prefix of each message: a flag byte, 1 for a compressed message, and the length in 4 bytes. */
const PREFIX_BYTES = 5;

/** Returns a message with its length prefix, ready to send. Flag 1: the message is compressed. */
export function prefixed(message: Uint8Array, flag = 0): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame.writeUInt8(flag, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

const NONE = Buffer.alloc(0);

/** A message as it was received. */
export interface Envelope {
  readonly compressed: boolean;
  readonly bytes: Buffer;
  /** The buffer that contains `bytes`, if it was allocated for this message alone. */
  readonly own: Buffer | undefined;
}

/**
 * Splits a body into its length-prefixed messages (gRPC over HTTP2, "Length-Prefixed-Message"). A message
 * whose prefix announces more than `maxBytes` is rejected before any of its bytes is kept.
 */
export class MessageReader {
  readonly #maxBytes: number;
  /** Whether `#bytes` was allocated here, so that no other code has a view of it. */
  #isOwn = false;
  /** The first `#held` bytes are received; the rest is free space. */
  #bytes: Buffer = NONE;
  #held = 0;
  /** Number of bytes needed for the next step: the size of a prefix, or of a prefix and its message. */
  #needed = PREFIX_BYTES;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether there are bytes that `next` has not returned. */
  get isHolding(): boolean {
    return this.#held > 0;
  }

  /**
   * Size of the buffers that the received bytes keep in memory. A chunk can be a part of a larger buffer with
   * all data that its connection read at once.
   */
  get keptBytes(): number {
    return this.#held === 0 ? 0 : this.#bytes.buffer.byteLength;
  }

  /** Size of the current message by its prefix, including the prefix; 5 while the prefix is incomplete. */
  get announcedBytes(): number {
    return this.#needed;
  }

  /** Copies the received bytes when they are a small part of a much larger buffer. */
  compact(): void {
    if (this.keptBytes > 2 * this.#held) this.#grow(this.#held);
  }

  /**
   * Adds a chunk. A chunk that arrives when nothing is held is kept without a copy, and its messages are
   * parts of it.
   */
  push(chunk: Buffer): void {
    const held = this.#held + chunk.length;
    if (this.#held === 0) {
      this.#bytes = chunk;
      this.#isOwn = false;
    } else {
      if (held > this.#bytes.length) this.#grow(held);
      chunk.copy(this.#bytes, this.#held);
    }
    this.#held = held;
  }

  /**
   * Returns the next message; undefined: more bytes are needed.
   * @throws ConnectError when the message is too large or not gRPC
   */
  next(): Envelope | undefined {
    if (this.#held < this.#needed) return undefined;
    const bytes = this.#bytes;
    if (this.#needed === PREFIX_BYTES) this.#needed += this.#announced(bytes);
    if (this.#held < this.#needed) return undefined;
    const own = this.#isOwn && this.#held === this.#needed ? bytes : undefined;
    const frame = { compressed: bytes[0] === 1, bytes: bytes.subarray(PREFIX_BYTES, this.#needed), own };
    // From here on the caller may have a view of the buffer.
    this.#isOwn = false;
    this.#bytes = this.#held === this.#needed ? NONE : bytes.subarray(this.#needed, this.#held);
    this.#held -= this.#needed;
    this.#needed = PREFIX_BYTES;
    return frame;
  }

  /**
   * Allocates space for the message, but at most twice the received bytes: announcing a length costs a client
   * nothing.
   */
  #grow(held: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(held, Math.min(this.#needed, 2 * held)));
    this.#bytes.copy(grown, 0, 0, this.#held);
    if (this.#isOwn) freeBytes(this.#bytes);
    this.#bytes = grown;
    this.#isOwn = true;
  }

  /** Removes the received bytes, so that their memory can be freed. */
  drop(): void {
    if (this.#isOwn) freeBytes(this.#bytes);
    this.#bytes = NONE;
    this.#isOwn = false;
    this.#held = 0;
  }

  #announced(bytes: Buffer): number {
    const flag = bytes.readUInt8(0);
    if (flag > 1) throw malformed(`a message begins with ${flag}, neither 0 nor 1`);
    const length = bytes.readUInt32BE(1);
    if (length > this.#maxBytes) throw tooLarge(`of ${length} bytes`, this.#maxBytes);
    return length;
  }
}

export function malformed(text: string): ConnectError {
  return protocolError(Code.Internal, text);
}

export function tooLarge(size: string, maxBytes: number): ConnectError {
  return rpcError(
    Code.ResourceExhausted,
    "MESSAGE_TOO_LARGE",
    `a message ${size} is larger than the ${maxBytes} bytes that this RPC accepts`,
  );
}
