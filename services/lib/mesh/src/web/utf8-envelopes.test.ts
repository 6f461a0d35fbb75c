import { expect, test } from "vitest";
import { utf8Envelopes } from "./utf8-envelopes.ts";

function envelope(message: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(5, flags);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Reads `bytes` in chunks of `size`. */
async function read(bytes: Buffer, size: number): Promise<Buffer> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  async function* source() {
    yield* chunks;
  }
  return Buffer.concat(await Array.fromAsync(utf8Envelopes(source())));
}

const good = Buffer.concat([envelope(Buffer.from('"日本"')), envelope(Buffer.alloc(0)), envelope(Buffer.from('"ü"'))]);
const latin1 = Buffer.from('"ü"', "latin1");

test.each([1, 2, 5, 7, 1000])("UTF-8 messages pass unchanged in chunks of %i bytes", async (size) => {
  expect(await read(good, size)).toEqual(good);
});

test.each([1, 2, 5, 7, 1000])("invalid bytes in any message are an error in chunks of %i bytes", async (size) => {
  await expect(read(envelope(latin1), size)).rejects.toThrow("the body is not UTF-8");
  await expect(read(Buffer.concat([good, envelope(latin1)]), size)).rejects.toThrow("the body is not UTF-8");
});

test("a character that is cut at the end of its message is an error", async () => {
  const cut = envelope(Buffer.from("ü").subarray(0, 1));
  await expect(read(Buffer.concat([cut, good]), 1000)).rejects.toThrow("the body is not UTF-8");
});

test("compressed messages are not checked here, but when they are decompressed", async () => {
  expect(await read(envelope(latin1, 1), 3)).toEqual(envelope(latin1, 1));
});
