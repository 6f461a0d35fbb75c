import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import {
  type AnnouncedFile,
  checkLines,
  createUploadSlots,
  MAX_UPLOAD_BYTES,
  receiveUpload,
  type UploadPart,
  withIdleLimit,
} from "./receive-upload.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const announce = (name: string, text: string, over: Partial<AnnouncedFile> = {}): AnnouncedFile => ({
  ...{ name, sha256: createHash("sha256").update(text).digest("hex"), bytes: bytesOf(text).length },
  ...over,
});
type Part = UploadPart<readonly AnnouncedFile[]>;
const header = (...files: AnnouncedFile[]): Part => ({ kind: "header", header: files });
const chunk = (text: string): Part => ({ kind: "chunk", content: bytesOf(text) });
const RULES = { required: ["model"], optional: ["rows"] };
async function* stream(parts: readonly Part[]) {
  yield* parts;
}
const receive = (...parts: Part[]) =>
  receiveUpload(
    stream(parts),
    (files) => files,
    RULES,
    async () => {},
  );
const model = announce("model", "abcdef");
const rows = announce("rows", "123");

test("files arrive in chunks of any size, in the order of the header", async () => {
  const { files } = await receive(header(model, rows), chunk("ab"), chunk("cdef"), chunk("1"), chunk("23"));
  expect([...files].map(([name, content]) => [name, Buffer.from(content).toString()])).toEqual([
    ["model", "abcdef"],
    ["rows", "123"],
  ]);
});

test("a file without content needs no chunk", async () => {
  const { files } = await receive(header(announce("rows", ""), model), chunk("abcdef"));
  expect(files.get("rows")).toEqual(new Uint8Array());
});

test.each<[string, Part[], string]>([
  ["nothing", [], "the stream has no header"],
  ["content before the header", [chunk("a")], "the first message is the header"],
  ["two headers", [header(model), header(model)], "the header comes once"],
  ["a file of another name", [header(model, announce("../x", "1"))], 'a file "../x"; it can have model, rows'],
  ["a file twice", [header(model, model)], "the file model twice"],
  ["not the file that is needed", [header(rows)], "has no file model"],
  ["a digest in upper case", [header({ ...model, sha256: "A".repeat(64) })], "model: sha256 is not"],
  ["too many bytes together", [header({ ...model, bytes: MAX_UPLOAD_BYTES + 1 })], "are accepted"],
  ["more content than announced", [header(model), chunk("abcdefg")], "model: there is more content than the 6 bytes"],
  ["content after the last file", [header(model), chunk("abcdef"), chunk("g")], "content after the last file"],
  ["another content", [header(model), chunk("abcdeg")], "model: the content differs from the digest"],
  ["an early end", [header(model, rows), chunk("abcdef"), chunk("12")], "rows: the stream ended after 2 of 3 bytes"],
])("a stream with %s is an error that says so", async (_, parts, text) => {
  await expect(receive(...parts)).rejects.toMatchObject({
    name: "UploadError",
    message: expect.stringContaining(text),
  });
});

test("as many bytes as are accepted are announced", async () => {
  await expect(receive(header({ ...model, bytes: MAX_UPLOAD_BYTES }))).rejects.toThrow("the stream ended after 0 of");
});

test("a header that is not accepted ends the upload before its content", async () => {
  let read = 0;
  async function* parts() {
    for (const part of [header(model), chunk("abcdef")]) {
      read++;
      yield part;
    }
  }
  const denied = receiveUpload(
    parts(),
    (files) => files,
    RULES,
    () => Promise.reject(new Error("no right")),
  );
  await expect(denied).rejects.toThrow("no right");
  expect(read).toBe(1);
});

test("two uploads are received at the same time, and a third one gets a retry delay", () => {
  const slots = createUploadSlots();
  const [first] = [slots.begin(), slots.begin()];
  const busy = expect.objectContaining({ name: "UploadBusyError", retryAfterMs: 5_000 });
  expect(() => slots.begin()).toThrow(busy);
  first?.[Symbol.dispose]();
  slots.begin();
  expect(() => slots.begin()).toThrow(busy);
});

test("a stream whose next message does not come in time ends, and one without pauses does not", async () => {
  const { promise: never } = Promise.withResolvers<void>();
  async function* idle() {
    yield header(model);
    yield chunk("abc");
    await never;
  }
  const idling = receiveUpload(
    withIdleLimit(idle(), 20),
    (files) => files,
    RULES,
    async () => {},
  );
  await expect(idling).rejects.toMatchObject({
    name: "UploadIdleError",
    message: expect.stringContaining("no message of the upload has come for 0.02 s"),
  });
  const whole = stream([header(model), chunk("abc"), chunk("def")]);
  const received = receiveUpload(
    withIdleLimit(whole, 60_000),
    (files) => files,
    RULES,
    async () => {},
  );
  expect((await received).files.get("model")).toHaveLength(6);
});

test("a file over its own limit, and a table with too many lines, are errors that name the limit", async () => {
  const limited = { ...RULES, maxBytes: { rows: { bytes: 3, instead: "send less" } } };
  const received = (...files: AnnouncedFile[]) =>
    receiveUpload(
      stream([header(model, ...files)]),
      (files) => files,
      limited,
      async () => {},
    );
  await expect(received(announce("rows", "1234"))).rejects.toThrow(
    "rows has 4 bytes, at most 3 are accepted; send less",
  );
  await expect(received(rows)).rejects.toThrow("the stream ended after 0 of");
  for (const three of ["a\nb\nc", "a\nb\nc\n"])
    expect(() => checkLines("rows", bytesOf(three), 3, "send less")).not.toThrow();
  for (const four of ["a\nb\nc\nd", "a\nb\nc\n\n"])
    expect(() => checkLines("rows", bytesOf(four), 3, "send less")).toThrow("rows has more than 3 lines; send less");
  expect(() => checkLines("rows", null, 0, "")).not.toThrow();
});
