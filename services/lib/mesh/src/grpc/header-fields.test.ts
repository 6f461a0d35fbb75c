import { expect, it } from "vitest";
import { fieldsByName, headerFields, headersOf } from "./header-fields.ts";

it("passes the client's headers to handlers, without protocol headers", () => {
  const headers = headersOf({
    ":path": "/x",
    "content-type": "application/grpc",
    "grpc-timeout": "1S",
    te: "trailers",
    "x-text": "a b",
    "x-bytes-bin": "AAE, AA",
    "set-cookie": ["a=1", "b=2"],
  });
  expect([...headers]).toEqual([
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
    ["x-bytes-bin", "AAE, AA"],
    ["x-text", "a b"],
  ]);
});

it("sends a handler's headers: bytes without padding and one field each, texts unchanged", () => {
  const headers = new Headers({ "x-text": "a, b", "x-bytes-bin": "AA==, AAE=" });
  expect(fieldsByName(headers)).toEqual({ "x-text": "a, b", "x-bytes-bin": ["AA", "AAE"] });
  expect(headerFields(headers)).toEqual(["x-bytes-bin", "AA", "x-bytes-bin", "AAE", "x-text", "a, b"]);
});

it("sends every cookie in a field of its own", () => {
  const headers = new Headers();
  for (const cookie of ["a=1", "b=2"]) headers.append("set-cookie", cookie);
  expect(headerFields(headers)).toEqual(["set-cookie", "a=1", "set-cookie", "b=2"]);
});

it.each(["grpc-status", "grpc-encoding", "content-type", "connection", "transfer-encoding", "upgrade"])(
  "ignores a handler's %s header, which belongs to the protocol or would end the process",
  (name) => {
    expect(headerFields(new Headers({ [name]: "1", "x-own": "2" }))).toEqual(["x-own", "2"]);
  },
);
