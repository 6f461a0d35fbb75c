import zlib from "node:zlib";
import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { ACCEPTED_ENCODINGS, checkEncoding, inflateMessage } from "./compression.ts";

const TEXT = Buffer.from("delivery within fourteen days of order");

it("reads gzip and deflate, and lists them in grpc-accept-encoding", async () => {
  expect(ACCEPTED_ENCODINGS).toBe("identity,gzip,deflate");
  expect(await inflateMessage(zlib.gzipSync(TEXT), "gzip", { maxBytes: 100 })).toEqual(TEXT);
  expect(await inflateMessage(zlib.deflateSync(TEXT), "deflate", { maxBytes: 100 })).toEqual(TEXT);
  expect(await inflateMessage(zlib.gzipSync(Buffer.alloc(0)), "gzip", { maxBytes: 0 })).toEqual(Buffer.alloc(0));
});

it.each([undefined, "identity", "gzip", "deflate"])("accepts the encoding %s", (encoding) => {
  expect(() => checkEncoding(encoding)).not.toThrow();
});

it.each(["br", "", "constructor", "__proto__", "GZIP"])("rejects the encoding %j", (encoding) => {
  expect(() => checkEncoding(encoding)).toThrow(expect.objectContaining({ code: Code.Unimplemented }));
});

it.each([
  ["is not in its stated encoding", TEXT, "gzip", Code.Internal],
  ["is cut off", zlib.gzipSync(TEXT).subarray(0, 20), "gzip", Code.Internal],
  ["is empty", Buffer.alloc(0), "gzip", Code.Internal],
  ["is compressed by nothing", TEXT, "identity", Code.Internal],
  ["is compressed without a stated encoding", TEXT, undefined, Code.Internal],
  ["is a byte too large when decompressed", zlib.gzipSync(Buffer.alloc(101)), "gzip", Code.ResourceExhausted],
  ["is a bomb", zlib.gzipSync(Buffer.alloc(50_000_000)), "gzip", Code.ResourceExhausted],
])("rejects a message that %s", async (_, bytes, encoding, code) => {
  await expect(inflateMessage(bytes, encoding, { maxBytes: 100 })).rejects.toMatchObject({ code });
});
