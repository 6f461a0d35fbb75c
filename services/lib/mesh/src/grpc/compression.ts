import { promisify } from "node:util";
import zlib from "node:zlib";
import { Code } from "@connectrpc/connect";
import { malformed, tooLarge } from "./message-frames.ts";
import { protocolFault } from "./protocol-fault.ts";

type Inflate = (bytes: Buffer, options: zlib.ZlibOptions) => Promise<Buffer>;

const INFLATE: ReadonlyMap<string | undefined, Inflate> = new Map([
  ["gzip", promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip)],
  ["deflate", promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate)],
]);

/** What a client may write into `grpc-encoding`, by the header `grpc-accept-encoding`. */
export const ACCEPTED_ENCODINGS = ["identity", ...INFLATE.keys()].join(",");

/** @throws ConnectError when the encoding of a request's messages is none that the door reads */
export function checkEncoding(encoding: string | undefined): void {
  if (encoding === undefined || encoding === "identity" || INFLATE.has(encoding)) return;
  const text = `grpc-encoding ${JSON.stringify(encoding)} is none of ${ACCEPTED_ENCODINGS}`;
  throw protocolFault(Code.Unimplemented, text);
}

/** A message that was marked as compressed. Inflates at most `maxBytes`. @throws ConnectError */
export async function inflateMessage(bytes: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  const inflate = INFLATE.get(encoding);
  if (!inflate) throw malformed(`a message is marked as compressed, and grpc-encoding is ${encoding ?? "not there"}`);
  try {
    return await inflate(bytes, { maxOutputLength: Math.max(1, maxBytes) });
  } catch (cause) {
    // Node tells of too much output by a RangeError.
    throw cause instanceof RangeError ? tooLarge("when inflated", maxBytes) : malformed(`a message is not ${encoding}`);
  }
}
