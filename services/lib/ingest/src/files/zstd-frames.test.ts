import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { splitZstdFrames, ZstdFrameError } from "./zstd-frames.ts";

/** Decompresses chunks of zstandard data to a text. */
async function unpack(chunks: readonly Buffer[]): Promise<string> {
  const parts: Buffer[] = [];
  await pipeline(
    Readable.from(chunks),
    splitZstdFrames,
    createZstdDecompress(),
    async (unpacked: AsyncIterable<Buffer>) => {
      for await (const part of unpacked) parts.push(part);
    },
  );
  return Buffer.concat(parts).toString();
}

/** A frame that decoders skip, with `size` bytes. */
function skippable(size: number): Buffer {
  const frame = Buffer.alloc(8 + size, 0x28);
  frame.writeUInt32LE(0x184d2a53, 0);
  frame.writeUInt32LE(size, 4);
  return frame;
}

test("returns the text of all frames, wherever the chunks are cut", async () => {
  const text = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.nat(300_000).map((n) => "ab,".repeat(n)),
    fc.nat(20_000).map((n) => Array.from({ length: n }, (_, i) => (i * 7919) % 1000).join(",")),
  );
  const frame = fc.oneof(
    { weight: 4, arbitrary: text.map((of) => ({ of, bytes: zstdCompressSync(of) })) },
    { weight: 1, arbitrary: fc.nat(50).map((size) => ({ of: "", bytes: skippable(size) })) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      async (frames, cuts) => {
        const bytes = Buffer.concat(frames.map((one) => one.bytes));
        const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const chunks = edges
          .slice(1)
          .map((end, i) => bytes.subarray(edges[i], end))
          .filter((chunk) => chunk.length > 0);
        expect(await unpack(chunks)).toBe(frames.map(({ of }) => of).join(""));
      },
    ),
    { numRuns: 60, seed: 5 },
  );
}, 60_000);

test("a cut frame, and bytes after the last frame, are errors", async () => {
  const whole = zstdCompressSync("a,b\n1,2\n");
  for (let end = 1; end < whole.length; end++) await expect(unpack([whole.subarray(0, end)])).rejects.toThrow();
  await expect(unpack([whole, Buffer.from("more")])).rejects.toThrow(ZstdFrameError);
});
