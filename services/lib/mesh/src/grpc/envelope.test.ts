import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { expect, it } from "vitest";
import { MessageReader, prefixed } from "./envelope.ts";

/** Reads messages as a call does: after each chunk, or only when all chunks have arrived. */
function readAll(chunks: readonly Buffer[], eager: boolean, maxBytes = 1_000): Buffer[] {
  const reader = new MessageReader(maxBytes);
  const messages: Buffer[] = [];
  const readOn = (): void => {
    for (let frame = reader.next(); frame; frame = reader.next()) messages.push(frame.bytes);
  };
  for (const chunk of chunks) {
    reader.push(chunk);
    if (eager) readOn();
  }
  readOn();
  expect(reader.isHolding).toBe(false);
  return messages;
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((i) => i % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

it("writes flag, length and message", () => {
  expect([...prefixed(Buffer.from("abc"))]).toEqual([0, 0, 0, 0, 3, 97, 98, 99]);
  expect([...prefixed(Buffer.alloc(0), 1)]).toEqual([1, 0, 0, 0, 0]);
});

it("returns the messages of a body, however it is split into chunks", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 });
  fc.assert(
    fc.property(messages, fc.array(fc.nat(), { maxLength: 40 }), fc.boolean(), (sent, cuts, eager) => {
      const body = Buffer.concat(sent.map((message) => prefixed(message)));
      const read = readAll(cut(body, cuts), eager);
      expect(read.map((bytes) => [...bytes])).toEqual(sent.map((bytes) => [...bytes]));
    }),
  );
});

it("a returned message does not change when later chunks arrive", () => {
  const [one, two] = [Buffer.alloc(50, 1), Buffer.alloc(50, 2)];
  const body = Buffer.concat([prefixed(one), prefixed(two)]);
  const byteByByte = [...body].map((byte) => Buffer.from([byte]));
  expect(readAll(byteByByte, true)).toEqual([one, two]);
});

it("recognises a compressed message by its flag", () => {
  const reader = new MessageReader(10);
  reader.push(Buffer.concat([prefixed(Buffer.from("a"), 1), prefixed(Buffer.from("b"))]));
  expect([reader.next()?.compressed, reader.next()?.compressed, reader.next()]).toEqual([true, false, undefined]);
});

it("holds the bytes of an incomplete message", () => {
  const reader = new MessageReader(10);
  reader.push(prefixed(Buffer.from("abc")).subarray(0, 7));
  expect(reader.next()).toBeUndefined();
  expect(reader.isHolding).toBe(true);
});

it.each([
  ["is too large", Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]), Code.ResourceExhausted],
  ["is one byte larger than the limit", prefixed(Buffer.alloc(11)), Code.ResourceExhausted],
  ["begins with another flag", Buffer.from([2, 0, 0, 0, 0]), Code.Internal],
])("rejects a message that %s as soon as its prefix is read", (_, bytes, code) => {
  const reader = new MessageReader(10);
  reader.push(bytes.subarray(0, 5));
  expect(() => reader.next()).toThrow(expect.objectContaining({ code }));
  expect(() => reader.next()).toThrow(ConnectError);
});

it("does not allocate memory for a message that is announced and does not arrive", () => {
  const reader = new MessageReader(2 ** 30);
  const before = process.memoryUsage().arrayBuffers;
  reader.push(Buffer.from([0, 0x3f, 0xff, 0xff, 0xff]));
  reader.next();
  reader.push(Buffer.alloc(1_000));
  reader.next();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
});
