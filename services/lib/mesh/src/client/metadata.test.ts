import { Metadata } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { headersFromMetadata, metadataFromHeaders } from "./metadata.ts";

const BYTES = Buffer.from([0, 255, 1, 254]);

it("converts text and bytes to metadata and back", () => {
  const headers = new Headers({ "x-text": "a b", "x-bytes-bin": BYTES.toString("base64") });
  const metadata = metadataFromHeaders(headers);
  expect(metadata.get("x-text")).toEqual(["a b"]);
  expect(metadata.get("x-bytes-bin")).toEqual([BYTES]);
  const back = headersFromMetadata(metadata);
  expect(back.get("x-text")).toBe("a b");
  expect(Buffer.from(back.get("x-bytes-bin") ?? "", "base64")).toEqual(BYTES);
});

it("writes bytes without padding, also in copies", () => {
  const metadata = metadataFromHeaders(new Headers({ "x-bin": "AA==", "y-bin": "AAA=, AQ==" }));
  for (const written of [metadata, metadata.clone(), metadata.clone().clone()]) {
    expect(written.toHttp2Headers()).toEqual({ "x-bin": "AA", "y-bin": ["AAA", "AQ"] });
  }
});

it("a copy does not change when its original changes", () => {
  const metadata = metadataFromHeaders(new Headers({ "x-bin": "AA" }));
  const copy = metadata.clone();
  metadata.add("x-bin", Buffer.from([1]));
  metadata.set("y", "later");
  expect(copy.toHttp2Headers()).toEqual({ "x-bin": "AA" });
});

it("a repeated binary header becomes several values, a repeated text header one value", () => {
  const headers = new Headers();
  for (const value of ["AA", "AQ"]) headers.append("x-bin", value);
  for (const value of ["a", "b"]) headers.append("x-text", value);
  const metadata = metadataFromHeaders(headers);
  expect(metadata.get("x-bin")).toEqual([Buffer.from([0]), Buffer.from([1])]);
  expect(metadata.get("x-text")).toEqual(["a, b"]);
});

it("several metadata values become one header", () => {
  const metadata = new Metadata();
  metadata.add("x", "a");
  metadata.add("x", "b");
  expect(headersFromMetadata(metadata).get("x")).toBe("a, b");
});

it("protocol headers are not passed on", () => {
  const headers = new Headers({ "content-type": "application/grpc", "grpc-status": "0", te: "trailers", "x-own": "1" });
  expect(metadataFromHeaders(headers).toHttp2Headers()).toEqual({ "x-own": "1" });
});
