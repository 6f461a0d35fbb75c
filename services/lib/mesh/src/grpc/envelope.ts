import { Code, type ConnectError } from "@connectrpc/connect";
import { freeBytes } from "../call/free-bytes.ts";
import { protocolError } from "./protocol-error.ts";

/** Before each message stand a flag, 1 for a compressed one, and its length. */
const PREFIX_BYTES = 5;

/** A message as it leaves: behind its prefix, and plain unless the flag says otherwise. */
export function prefixed(message: Uint8Array, flag = 0): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame.writeUInt8(flag, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

const NONE = Buffer.alloc(0);

/** A message as it travels. */
export interface Envelope {
  readonly compressed: boolean;
  readonly bytes: Buffer;
  /** The buffer that `bytes` are a part of, when it was made for this message alone. */
  readonly own: Buffer | undefined;
}

/**
 * Splits a body into its length-prefixed messages (gRPC over HTTP2, "Length-Prefixed-Message"). One that is announced as larger
 * than `maxBytes` is rejected at its prefix, before any of it is kept.
 */
export class MessageReader {
  readonly #maxBytes: number;
  /** Whether `#bytes` was made here: nobody else has a view of it. */
  #isOwn = false;
  /** What came, `#held` bytes of it; what is behind them is room for more. */
  #bytes: Buffer = NONE;
  #held = 0;
  /** Bytes that it takes to go on: those of a prefix, then those of its message too. */
  #needed = PREFIX_BYTES;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether there are bytes that `next` has not given. */
  get isHolding(): boolean {
    return this.#held > 0;
  }

  /** Bytes that what it holds keeps from being collected: a chunk is a part of all that its connection read at once. */
  get keptBytes(): number {
    return this.#held === 0 ? 0 : this.#bytes.buffer.byteLength;
  }

  /** Bytes of the message that has begun, with its prefix, as the prefix says; 5 when it is not complete. */
  get announcedBytes(): number {
    return this.#needed;
  }

  /** Copies what it holds out of a much larger buffer. */
  compact(): void {
    if (this.keptBytes > 2 * this.#held) this.#grow(this.#held);
  }

  /** Keeps a chunk as it is, as long as it is the only one: then it has been read, and its message is a part of it. */
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

  /** The next message; undefined: more bytes must come first. @throws ConnectError when it is too large or not gRPC */
  next(): Envelope | undefined {
    if (this.#held < this.#needed) return undefined;
    const bytes = this.#bytes;
    if (this.#needed === PREFIX_BYTES) this.#needed += this.#announced(bytes);
    if (this.#held < this.#needed) return undefined;
    const own = this.#isOwn && this.#held === this.#needed ? bytes : undefined;
    const frame = { compressed: bytes[0] === 1, bytes: bytes.subarray(PREFIX_BYTES, this.#needed), own };
    // From here on its message is somebody's.
    this.#isOwn = false;
    this.#bytes = this.#held === this.#needed ? NONE : bytes.subarray(this.#needed, this.#held);
    this.#held -= this.#needed;
    this.#needed = PREFIX_BYTES;
    return frame;
  }

  /** Makes room for the message, but never for twice of what has come: a length costs nothing to write. */
  #grow(held: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(held, Math.min(this.#needed, 2 * held)));
    this.#bytes.copy(grown, 0, 0, this.#held);
    if (this.#isOwn) freeBytes(this.#bytes);
    this.#bytes = grown;
    this.#isOwn = true;
  }

  /** Lets what it holds go. */
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
  return protocolError(
    Code.ResourceExhausted,
    `a message ${size} is larger than the ${maxBytes} bytes that this RPC takes`,
  );
}
