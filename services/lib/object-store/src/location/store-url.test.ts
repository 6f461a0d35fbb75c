import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { isStoreUrl, parseStoreUrl, urlBelow } from "./store-url.ts";

describe("a URL", () => {
  test("of S3 has bucket, key, region, endpoint and path style", () => {
    expect(parseStoreUrl("s3://bucket/in/week.csv")).toEqual({
      ...{ kind: "s3", bucket: "bucket", path: "in/week.csv", endpoint: null, region: null, isPathStyle: false },
      ...{ address: "s3://bucket/in/week.csv", query: "" },
    });
    expect(parseStoreUrl("s3://bucket/in/?endpoint=http://127.0.0.1:9000/&region=eu-west-1")).toMatchObject({
      ...{ path: "in", endpoint: "http://127.0.0.1:9000", region: "eu-west-1", isPathStyle: true },
      ...{ address: "s3://bucket/in", query: "?endpoint=http://127.0.0.1:9000/&region=eu-west-1" },
    });
    expect(parseStoreUrl("s3://bucket?path_style=true")).toMatchObject({ path: "", isPathStyle: true });
    expect(parseStoreUrl("s3://bucket?endpoint=https://s3.example.org&path_style=false")).toMatchObject({
      isPathStyle: false,
    });
  });

  test("of Azure has container, key, account and endpoint", () => {
    expect(parseStoreUrl("azure://container/a/b?account=risk01")).toMatchObject({
      ...{ kind: "azure", container: "container", path: "a/b", account: "risk01", endpoint: null },
    });
    expect(parseStoreUrl("azure://c1c/a?endpoint=https://x.blob.core.usgovcloudapi.net")).toMatchObject({
      endpoint: "https://x.blob.core.usgovcloudapi.net",
    });
  });

  test("of a folder is a path", () => {
    expect(parseStoreUrl("file:models")).toMatchObject({ kind: "file", folder: "models", address: "file:models" });
    expect(parseStoreUrl("file:///var/lib/x")).toMatchObject({ folder: "/var/lib/x" });
    expect(() => parseStoreUrl("file:")).toThrow("needs a folder");
  });

  test("with another scheme is rejected with the schemes that are read", () => {
    expect(() => parseStoreUrl("http://x/secret")).toThrow(
      /^URLs with http: are not read; use s3:.*azure:.*file:FOLDER$/,
    );
  });

  test("has a literal key: no character is decoded", () => {
    expect(parseStoreUrl("s3://bucket/a%20b/ü @#{week}.csv").path).toBe("a%20b/ü @#{week}.csv");
  });

  test("is told apart from a path", () => {
    for (const url of ["s3://b/x", "S3://b/x", "azure://c/x", "s3:/b/x", "s3a://b/x", "https://h/x", "file:///x"])
      expect(isStoreUrl(url)).toBe(true);
    expect(["week.csv", "/data/s3/x", "file:x", "./s3:x", "s3/x"].map(isStoreUrl)).toEqual(Array(5).fill(false));
  });

  test("of a key below a location keeps the query", () => {
    const root = parseStoreUrl("s3://bucket/in?region=eu-west-1");
    expect(urlBelow(root, "week.csv")).toBe("s3://bucket/in/week.csv?region=eu-west-1");
  });
});

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

test.each([
  ["user and password", `s3://AKIAEXAMPLE:${SECRET}@bucket/in/week.csv`],
  ["a user only", "s3://wJalrXUtnFEMI@bucket/in"],
  ["an encoded password", `azure://account:${encodeURIComponent(SECRET)}@container/x`],
  ["a password of the endpoint", `s3://bucket/x?endpoint=https://AKIAEXAMPLE:${encodeURIComponent(SECRET)}@host`],
  ["a signature", `azure://container/x?account=risk01&sv=2024&sig=${encodeURIComponent(SECRET)}`],
  ["a signature in the endpoint", `azure://container/x?endpoint=https://host/%3Fsig=${SECRET}`],
  ["a key as parameter", `s3://bucket/x?secret_access_key=${SECRET}`],
  ["a key as name of a parameter", `s3://bucket/x?${SECRET}`],
  ["a mistyped form", `s3:/AKIAEXAMPLE:${SECRET}@bucket`],
  ["a key as bucket", `s3://${SECRET}`],
  ["a region that is a key", `s3://bucket/x?region=${SECRET}`],
  ["an account that is a key", `azure://container/x?account=${encodeURIComponent(SECRET)}`],
])("with %s is rejected, and the error shows nothing of it", (_, url) => {
  let thrown: unknown;
  try {
    parseStoreUrl(url);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ name: "StoreUrlError" });
  const shown = inspect(thrown, { depth: 9, showHidden: true }).replace(/at .*\n?/g, "");
  for (const part of ["wJalr", "K7MDENG", "EXAMPLE", encodeURIComponent(SECRET)]) expect(shown).not.toContain(part);
});

test.each([
  ["an unknown parameter", "s3://bucket/x?retries=3", "one of endpoint, region, path_style"],
  ["a parameter twice", "s3://bucket/x?region=a&region=b", "the parameter region twice"],
  ["another protocol of the endpoint", "s3://bucket/x?endpoint=ftp://host", "starts with http: or https:"],
  [
    "a bucket with capital letters",
    "s3://Bucket/x",
    "the name of the bucket in the URL has not 3 to 63 of the characters a-z",
  ],
  ["a container of two characters", "azure://ab/x", "the name of the container in the URL has not 3 to 63"],
  ["no bucket", "s3:///x", "the URL names no bucket; use s3://BUCKET/KEY"],
  ["a region with spaces", "s3://bucket/x?region=eu%20west", "is not 1 to 40 of the characters a-z, 0-9 and -"],
  ["a key that leaves the bucket", "s3://bucket/a/../b", 'a part between two "/"'],
])("with %s is rejected", (_, url, message) => {
  expect(() => parseStoreUrl(url)).toThrow(message);
});
