import { buffer } from "node:stream/consumers";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { ObjectStore } from "../src/object-store.ts";
import { openObjectStore } from "../src/open-store.ts";
import {
  ObjectChangedError,
  ObjectConditionError,
  StoreDeniedError,
  StoreFullError,
  StoreRejectedError,
  StoreSettingsError,
  StoreSlowError,
  StoreUnavailableError,
} from "../src/store-error.ts";
import { type StandInS3, sendError, startStandInS3 } from "./stand-in-s3.ts";

/** Time limits that a loaded machine keeps for answers that come at once. */
const LIMITS = { silenceMs: 3_000, callMs: 30_000, attempts: 4, firstPauseMs: 1 };

let server: StandInS3;
let store: ObjectStore;
beforeAll(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAHIDDEN");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "hidden-secret");
});
afterAll(() => vi.unstubAllEnvs());
const open = (limits: Partial<typeof LIMITS> = {}) =>
  openObjectStore(`s3://bucket?endpoint=${server.endpoint}&region=eu-west-1`, { limits: { ...LIMITS, ...limits } });
beforeEach(async () => {
  server = await startStandInS3();
  store = await open();
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const CONTENT = Buffer.from("0123456789".repeat(10_000));

/** Answers with the content, from the first byte of the range. */
function rest(range: string | undefined): { status: number; headers: Record<string, string>; bytes: Buffer } {
  const start = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
  const bytes = CONTENT.subarray(start);
  const headers = { etag: '"tag"', "content-length": String(bytes.length) };
  if (range === undefined) return { status: 200, headers, bytes };
  const contentRange = `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}`;
  return { status: 206, headers: { ...headers, "content-range": contentRange }, bytes };
}

describe("a transfer that breaks", () => {
  test("continues at the next byte of the same entity tag", async () => {
    server.answer = ({ headers }, response, number) => {
      const { status, headers: sent, bytes } = rest(headers.range);
      response.writeHead(status, sent);
      if (number < 4) response.write(bytes.subarray(0, 20_000), () => setImmediate(() => response.destroy()));
      else response.end(bytes);
    };
    expect((await buffer((await store.get("x")).chunks)).equals(CONTENT)).toBe(true);
    const [, ...continued] = server.seen;
    expect(continued.length).toBeGreaterThan(0);
    for (const { headers } of continued) {
      expect(headers.range).toMatch(/^bytes=\d+-99999$/);
      expect(headers["if-match"]).toBe('"tag"');
    }
  });

  test.each([
    ["replaced", 412, "PreconditionFailed"],
    ["deleted", 404, "NoSuchKey"],
  ])("is ObjectChangedError when the object was %s meanwhile", async (_, status, code) => {
    server.answer = ({ headers }, response, number) => {
      if (number > 1) return sendError(response, status, code);
      const { headers: sent, bytes } = rest(headers.range);
      response.writeHead(200, sent).write(bytes.subarray(0, 10), () => setImmediate(() => response.destroy()));
    };
    const { chunks } = await store.get("x");
    await expect(buffer(chunks)).rejects.toThrow(ObjectChangedError);
  });

  test("again and again without progress ends after the attempts", async () => {
    server.answer = ({ headers }, response) => {
      const { status, headers: sent, bytes } = rest(headers.range);
      response.writeHead(status, sent).write(bytes.subarray(0, 10), () => setImmediate(() => response.destroy()));
    };
    const { chunks } = await store.get("x");
    await expect(buffer(chunks)).rejects.toThrow(StoreUnavailableError);
    expect(server.seen.length).toBeLessThanOrEqual(LIMITS.attempts);
  });

  test("that stands still is StoreSlowError", async () => {
    await using slow = await open({ silenceMs: 300, attempts: 2 });
    server.answer = ({ headers }, response) => {
      const { status, headers: sent, bytes } = rest(headers.range);
      response.writeHead(status, sent).write(bytes.subarray(0, 10));
    };
    const error = await slow
      .get("x")
      .then(({ chunks }) => buffer(chunks))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreSlowError);
    expect(String(error)).toContain("s3://bucket/x: the store sent nothing for 0.3 s");
  });

  test("that its reader stops is ended", async () => {
    let closed: (() => void) | undefined;
    const ended = new Promise<void>((resolve) => {
      closed = resolve;
    });
    server.answer = (_, response) => {
      response.on("close", () => closed?.());
      response.writeHead(200, { etag: '"tag"', "content-length": "100000" }).write(CONTENT.subarray(0, 50_000));
    };
    for await (const chunk of (await store.get("x")).chunks) if (chunk.length > 0) break;
    await ended;
  });
});

describe("a store that", () => {
  test("says nothing is StoreSlowError, after all attempts", async () => {
    await using slow = await open({ silenceMs: 200, attempts: 2 });
    server.answer = () => {};
    await expect(slow.head("x")).rejects.toThrow(StoreSlowError);
    expect(server.seen).toHaveLength(2);
  });

  test("is overloaded for a moment is called again", async () => {
    server.answer = (_, response, number) => {
      if (number < 3) sendError(response, 503, "SlowDown");
      else response.writeHead(200, { etag: '"tag"', "content-length": "7" }).end();
    };
    expect(await store.head("x")).toMatchObject({ etag: "tag", bytes: 7 });
    expect(server.seen).toHaveLength(3);
  });

  test("stays overloaded is StoreUnavailableError after the attempts", async () => {
    server.answer = (_, response) => sendError(response, 503, "SlowDown");
    await expect(store.put("x", new Uint8Array())).rejects.toThrow(/cannot be used now \(SlowDown, request REQUEST1\)/);
    expect(server.seen).toHaveLength(LIMITS.attempts);
  });

  test("is not there is StoreUnavailableError", async () => {
    const { endpoint } = server;
    await server[Symbol.asyncDispose]();
    await using away = await openObjectStore(`s3://bucket?endpoint=${endpoint}&region=eu-west-1`, { limits: LIMITS });
    await expect(away.head("x")).rejects.toThrow(/cannot be used now \(ECONNREFUSED\)/);
    server = await startStandInS3();
  });

  test.each([
    [403, "AccessDenied", StoreDeniedError],
    [403, "InvalidAccessKeyId", StoreDeniedError],
    [400, "ExpiredToken", StoreDeniedError],
    [404, "NoSuchBucket", StoreSettingsError],
    [301, "PermanentRedirect", StoreSettingsError],
    [400, "AuthorizationHeaderMalformed", StoreSettingsError],
    [507, "XMinioStorageFull", StoreFullError],
    [400, "KeyTooLongError", StoreRejectedError],
    [412, "PreconditionFailed", ObjectConditionError],
  ])("answers %i %s is one call and an error of its own, without secrets", async (status, code, type) => {
    server.answer = (_, response) => sendError(response, status, code);
    const error = await store.put("x", Buffer.from("y")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(type);
    expect(server.seen).toHaveLength(1);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hidden/i);
  });

  test("answers with pages is listed whole", async () => {
    server.answer = ({ url }, response) => {
      const isFirst = !url.includes("continuation-token");
      const contents = (isFirst ? ["a", "b/", "b/c"] : ["d"])
        .map((key) => `<Contents><Key>${key}</Key><ETag>"t"</ETag><Size>1</Size></Contents>`)
        .join("");
      const more = `<IsTruncated>${isFirst}</IsTruncated>${isFirst ? "<NextContinuationToken>next</NextContinuationToken>" : ""}`;
      response.writeHead(200, { "content-type": "application/xml" });
      response.end(`<?xml version="1.0"?><ListBucketResult>${more}${contents}</ListBucketResult>`);
    };
    const keys: string[] = [];
    for await (const { key } of store.list("")) keys.push(key);
    expect(keys).toEqual(["a", "b/c", "d"]);
  });
});

describe("a conditional write whose answer is lost", () => {
  const stored = (writeId: unknown) => (request: { method: string }, response: import("node:http").ServerResponse) => {
    if (request.method === "HEAD")
      return void response
        .writeHead(200, { etag: '"tag"', "content-length": "1", "x-amz-meta-bellwether-write-id": String(writeId) })
        .end();
    return sendError(response, 412, "PreconditionFailed");
  };

  test("succeeds when the object is that of the write", async () => {
    server.answer = ({ headers }, response) => {
      server.answer = stored(headers["x-amz-meta-bellwether-write-id"]);
      response.destroy();
    };
    expect(await store.put("x", Buffer.from("y"), { condition: { absent: true } })).toMatchObject({ etag: "tag" });
    expect(server.seen.map(({ method }) => method)).toEqual(["PUT", "PUT", "HEAD"]);
    expect(server.seen[1]?.headers["if-none-match"]).toBe("*");
  });

  test("is ObjectConditionError when the object is that of another write", async () => {
    server.answer = (_, response) => {
      server.answer = stored("another");
      response.destroy();
    };
    await expect(store.put("x", Buffer.from("y"), { condition: { absent: true } })).rejects.toThrow(
      ObjectConditionError,
    );
  });

  test("is repeated when the store says that another write was in progress", async () => {
    server.answer = (_, response, number) => {
      if (number === 1) sendError(response, 409, "ConditionalRequestConflict");
      else response.writeHead(200, { etag: '"mine"' }).end();
    };
    expect(await store.put("x", Buffer.from("y"), { condition: { etag: "old" } })).toMatchObject({ etag: "mine" });
    expect(server.seen.map(({ headers }) => headers["if-match"])).toEqual(['"old"', '"old"']);
  });
});
