import { expect, it } from "vitest";
import { fieldsByName, headerFields, headersOf } from "./header-fields.ts";

it("gives handlers what a client set, without what belongs to the protocol", () => {
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

it("sends what a handler set: bytes without padding and each in a field, texts as they are", () => {
  const headers = new Headers({ "x-text": "a, b", "x-bytes-bin": "AA==, AAE=" });
  expect(fieldsByName(headers)).toEqual({ "x-text": "a, b", "x-bytes-bin": ["AA", "AAE"] });
  expect(headerFields(headers)).toEqual(["x-bytes-bin", "AA", "x-bytes-bin", "AAE", "x-text", "a, b"]);
});

it("sends every cookie", () => {
  const headers = new Headers();
  for (const cookie of ["a=1", "b=2"]) headers.append("set-cookie", cookie);
  expect(headerFields(headers)).toEqual(["set-cookie", "a=1", "set-cookie", "b=2"]);
});

it.each(["grpc-status", "grpc-encoding", "content-type", "connection", "transfer-encoding", "upgrade"])(
  "does not let a handler set %s, which is the protocol's or would end the process",
  (name) => {
    expect(headerFields(new Headers({ [name]: "1", "x-own": "2" }))).toEqual(["x-own", "2"]);
  },
);
