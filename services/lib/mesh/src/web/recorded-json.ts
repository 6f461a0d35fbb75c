import { gunzipSync } from "node:zlib";
import type { Registry } from "@bufbuild/protobuf";
import { createContextKey } from "@connectrpc/connect";
import type { BodyObserver } from "./interruptible-body.ts";

/** JSON that is larger than this is not kept to explain what is wrong with it, bytes. */
const MAX_KEPT_BYTES = 1024 * 1024;
/** Length of an envelope's head: flags, then the length of its message. */
const HEAD_BYTES = 5;
const COMPRESSED_FLAG = 1;

/** The JSON of a call's request messages, kept until the engine has read them, so that an error can say where it is. */
export interface RecordedJson {
  /** The engine has read the oldest message that is kept: it is let go. */
  read(): void;
  /** Text of the oldest message that is kept; undefined: it was too large, or is not whole. */
  text(): string | undefined;
}

/** What a call looks at to explain JSON that its RPC does not take. */
export interface JsonRecord extends RecordedJson {
  /** The types that google.protobuf.Any may hold. */
  readonly registry: Registry;
}

/** Where the web listener leaves the record of a JSON request for its call; undefined: the request is not JSON. */
export const jsonRecordKey = createContextKey<JsonRecord | undefined>(undefined, {
  description: "the JSON of a request",
});

/** JSON that is recorded while its body is read. */
export interface RecordedBody extends RecordedJson {
  /** The same body. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Records a body that is one message, as its observer.
 * @param gzip whether it is compressed
 * @param check looks at the same bytes; may fail
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

/** Records a body of messages in envelopes, as streams and gRPC-Web have it. */
export function recordEnvelopes(source: AsyncIterable<Uint8Array>): RecordedBody {
  /** Messages that were read from the source and not yet by the engine; null: too large to keep. */
  const whole: ({ readonly flags: number; readonly message: Buffer } | null)[] = [];
  let pending: Buffer = Buffer.alloc(0);
  /** Bytes of a message that is too large to keep, still to come. */
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

/** A message that came in the query of a GET. */
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
    // As the engine does, it takes a byte order mark away.
    return new TextDecoder().decode(gzip ? gunzipSync(bytes, { maxOutputLength: MAX_KEPT_BYTES }) : bytes);
  } catch {
    // Broken or too large: the engine has said which.
    return undefined;
  }
}

/** Without async functions: each would cost a promise for every chunk of every request. */
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
