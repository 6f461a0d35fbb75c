import { expect, test } from "vitest";
import { createMessageCounter } from "./message-counter.ts";

function message(type: string, content: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(content.length + 4);
  return Buffer.concat([Buffer.from(type), length, Buffer.from(content)]);
}

/** The content of messages looks like messages. */
const SENT = Buffer.concat([
  message("", "S\0\0\0\x04"),
  message("Q", "select 'S'\0"),
  message("P", "Q".repeat(300)),
  message("S", ""),
  message("S", ""),
]);
const ANSWERED = Buffer.concat([
  message("R", "ZZZZ"),
  message("Z", "I"),
  message("D", "Z\0\0\0\x05I"),
  message("Z", "T"),
]);

test.each([1, 2, 3, 5, 7, 1_000])("messages are counted in pieces of %i bytes", (size) => {
  const count = (bytes: Buffer, counter: (piece: Uint8Array) => number): number => {
    let sum = 0;
    for (let at = 0; at < bytes.length; at += size) sum += counter(bytes.subarray(at, at + size));
    return sum;
  };
  expect(count(SENT, createMessageCounter("QS", "client"))).toBe(3);
  expect(count(ANSWERED, createMessageCounter("Z", "server"))).toBe(2);
});

test("a length that cannot be ends in no endless loop", () => {
  expect(createMessageCounter("Z", "server")(Buffer.from("Z\0\0\0\0Z\0\0\0\x05I", "latin1"))).toBe(2);
});
