import zlib from "node:zlib";
import { Code } from "@connectrpc/connect";
import { type InflateOptions, inflate, TooLargeError } from "../call/inflate.ts";
import { clean, rpcError } from "../errors/rpc-error.ts";
import { malformed, tooLarge } from "./envelope.ts";

const INFLATE: ReadonlyMap<string | undefined, (options: zlib.ZlibOptions) => zlib.Gunzip | zlib.Inflate> = new Map([
  ["gzip", zlib.createGunzip],
  ["deflate", zlib.createInflate],
]);

/** Longest name of an encoding that an error repeats, characters: that of the request may be as long as all headers together. */
const MAX_NAME = 64;

/** Values of the `grpc-accept-encoding` header: the encodings that a client may use in `grpc-encoding`. */
export const ACCEPTED_ENCODINGS = ["identity", ...INFLATE.keys()].join(",");

/**
 * Checks `grpc-encoding`, the encoding of the messages of a request. @throws ConnectError when the listener
 * does not support it
 */
export function checkEncoding(encoding: string | undefined): void {
  if (encoding === undefined || encoding === "identity" || INFLATE.has(encoding)) return;
  const text = `grpc-encoding ${JSON.stringify(clean(encoding, MAX_NAME))} is not one of ${ACCEPTED_ENCODINGS}`;
  throw rpcError(Code.Unimplemented, "UNKNOWN_ENCODING", text);
}

/** Decompresses a message whose compressed flag is set. @throws ConnectError */
export async function inflateMessage(
  bytes: Buffer,
  encoding: string | undefined,
  options: InflateOptions,
): Promise<Buffer> {
  const create = INFLATE.get(encoding);
  if (!create) throw malformed(`a message is marked as compressed, and grpc-encoding is ${encoding ?? "missing"}`);
  try {
    return await inflate(create, bytes, options);
  } catch (cause) {
    throw cause instanceof TooLargeError
      ? tooLarge("when decompressed", options.maxBytes)
      : malformed(`a message is not ${encoding}`);
  }
}
