import { gunzipSync } from "node:zlib";
import type { Registry } from "@bufbuild/protobuf";
import { createContextKey } from "@connectrpc/connect";
import type { BodyObserver } from "./interruptible-body.ts";

/**
 * Maximum size of a JSON message, in bytes, that is kept so that an error can name the position of a
 * violation.
 */
const MAX_KEPT_BYTES = 1024 * 1024;
/** Length of an envelope's prefix: flags, then the length of its message. */
const HEAD_BYTES = 5;
const COMPRESSED_FLAG = 1;

/**
 * The JSON of a call's request messages, kept until the engine has decoded them, so that an error can name
 * the position of a violation.
 */
export interface RecordedJson {
  /** Drops the oldest kept message: the engine has decoded it. */
  read(): void;
  /** Returns the text of the oldest kept message; undefined: it was too large or is incomplete. */
  text(): string | undefined;
}

/** The recorded JSON and the types with which an error can be explained. */
export interface JsonRecord extends RecordedJson {
  /** The types that google.protobuf.Any may contain. */
  readonly registry: Registry;
}

/**
 * Key under which the web listener stores the record of a JSON request for its call; undefined: the request
 * is not JSON.
 */
export const jsonRecordKey = createContextKey<JsonRecord | undefined>(undefined, {
  description: "the JSON of a request",
});

/** JSON that is recorded while the body is read. */
export interface RecordedBody extends RecordedJson {
  /** The same bytes as the recorded source. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Records a body that is one message, as its observer.
 * @param gzip whether the body is compressed
 * @param check another observer of the same bytes; may throw
 */
export function recordUnary(gzip: boolean, check?: BodyObserver): RecordedJson & BodyObserver {
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    chunk(chunk) {
      check?.chunk(chunk);
      bytes += chunk.length;
      if (bytes > MAX_KEPT_BYTES) chunks = [];
      else chunks.push(chunk);
    },
    end() {
      check?.end();
    },
    read: () => {
      chunks = [];
    },
    text: () => (bytes > MAX_KEPT_BYTES ? undefined : textOf(Buffer.concat(chunks), gzip)),
  };
}

/** Records a body whose messages are in envelopes, as in streams and gRPC-Web. */
export function recordEnvelopes(source: AsyncIterable<Uint8Array>): RecordedBody {
  /** Messages that the engine has not decoded yet; null: too large to keep. */
  const whole: ({ readonly flags: number; readonly message: Buffer } | null)[] = [];
  let pending: Buffer = Buffer.alloc(0);
  /** Bytes still to arrive of a message that is too large to keep. */
  let skipped = 0;
  const keep = (chunk: Uint8Array): void => {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const passed = Math.min(skipped, rest.length);
    skipped -= passed;
    rest = rest.subarray(passed);
    pending = pending.length === 0 ? rest : Buffer.concat([pending, rest]);
    while (pending.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + pending.readUInt32BE(1);
      if (end > MAX_KEPT_BYTES) {
        whole.push(null);
        skipped = Math.max(0, end - pending.length);
        pending = pending.subarray(end);
      } else if (pending.length >= end) {
        whole.push({ flags: pending.readUInt8(), message: pending.subarray(HEAD_BYTES, end) });
        pending = pending.subarray(end);
      } else return;
    }
  };
  return {
    body: observed(source, keep),
    read: () => {
      whole.shift();
    },
    text: () => {
      const [oldest] = whole;
      return oldest ? textOf(oldest.message, (oldest.flags & COMPRESSED_FLAG) !== 0) : undefined;
    },
  };
}

/** Records a message in the query of a GET. */
export function recordedQuery(query: URLSearchParams): RecordedJson {
  const message = query.get("message") ?? "";
  const text = (): string | undefined => {
    if (message.length > MAX_KEPT_BYTES) return undefined;
    const bytes = query.get("base64") === "1" ? Buffer.from(message, "base64url") : Buffer.from(message);
    return textOf(bytes, query.get("compression") === "gzip");
  };
  return { read: () => {}, text };
}

function textOf(bytes: Buffer, gzip: boolean): string | undefined {
  try {
    // TextDecoder removes a byte order mark, as the engine does.
    return new TextDecoder().decode(gzip ? gunzipSync(bytes, { maxOutputLength: MAX_KEPT_BYTES }) : bytes);
  } catch {
    // Invalid or too large: the engine's error states which.
    return undefined;
  }
}

/**
 * Yields the chunks of `source` and calls `onChunk` for each. This is not an async function, because an async
 * function would create a promise for every chunk.
 */
function observed(source: AsyncIterable<Uint8Array>, onChunk: (chunk: Uint8Array) => void): AsyncIterable<Uint8Array> {
  const look = (next: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> => {
    if (!next.done) onChunk(next.value);
    return next;
  };
  return {
    [Symbol.asyncIterator]() {
      const chunks = source[Symbol.asyncIterator]();
      return {
        next: () => chunks.next().then(look),
        return: async () => (await chunks.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}
