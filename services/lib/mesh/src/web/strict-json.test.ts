import { gzipSync } from "node:zlib";
import { type EchoServer, startEcho } from "@bellwether/testing/echo/start-echo";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ECHO = "/bellwether.echo.v1.EchoService/Echo";
const COUNT = "/bellwether.echo.v1.EchoService/Count";
const SUM = "/bellwether.echo.v1.EchoService/Sum";

let echo: EchoServer;
beforeAll(async () => {
  echo = await startEcho();
});
afterAll(() => echo[Symbol.asyncDispose]());

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details: readonly { readonly debug: { readonly reason?: string; readonly fieldViolations?: unknown } }[];
}

/** Returns one message of a Connect stream. */
function envelope(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

async function unary(json: string, headers: Record<string, string> = {}, path = ECHO) {
  const body = headers["content-encoding"] === "gzip" ? new Uint8Array(gzipSync(json)) : json;
  const answer = await fetch(echo.webUrl + path, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  return { status: answer.status, error: (await answer.json()) as Failure };
}

/** Returns the error in the last envelope of a stream's answer. */
async function stream(path: string, messages: readonly Buffer[], headers: Record<string, string> = {}) {
  const answer = await fetch(echo.webUrl + path, {
    method: "POST",
    body: new Uint8Array(Buffer.concat(messages)),
    headers: { "content-type": "application/connect+json", ...headers },
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  let last = bytes;
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) last = bytes.subarray(at + 5);
  return (JSON.parse(last.toString()) as { readonly error: Failure }).error;
}

const violations = ({ details }: Failure): unknown => details[1]?.debug.fieldViolations;

describe("a JSON message that its contract does not allow", () => {
  it.each([
    [
      "a field that does not exist",
      { id: "x", feature: {} },
      "feature",
      /^unknown field of EchoRequest; did you mean "features"\? known: features, /,
    ],
    ["a field of the wrong style", { id: "x", "fail-code": 1 }, "fail-code", /^unknown field of EchoRequest; known: /],
    ["a nested field", { id: "x", behavior: { fail_codes: 1 } }, "behavior.fail_codes", /did you mean "fail_code"\?/],
    [
      "a nested field in JSON's style",
      { id: "x", behavior: { failCodes: 1 } },
      "behavior.failCodes",
      /did you mean "failCode"\?/,
    ],
    ["null in a map", { id: "x", features: { late_ratio: null } }, "features.late_ratio", /^is null; leave it out/],
    [
      "a text for a number",
      { id: "x", features: { late_ratio: "high" } },
      "features.late_ratio",
      /^is "high"; expected a number$/,
    ],
    [
      "a fraction in a list",
      { id: "x", items: [1, 2.5] },
      "items[1]",
      /^is 2.5; expected a whole number from 0 to 4294967295$/,
    ],
    ["a list for a map", { id: "x", features: [1] }, "features", /^is a list; expected an object$/],
    ["a duration of words", { id: "x", behavior: { delay: "a while" } }, "behavior.delay", /Duration/],
    [
      "a name of Object's own",
      JSON.parse('{"id": "x", "__proto__": {}}'),
      "__proto__",
      /^unknown field of EchoRequest/,
    ],
  ])("%s is rejected with its path and the way out", async (_, json, field, description) => {
    const { status, error } = await unary(JSON.stringify(json));
    expect([status, error.code, error.details[0]?.debug.reason]).toEqual([400, "invalid_argument", "INVALID_REQUEST"]);
    expect(violations(error)).toEqual([{ field, description: expect.stringMatching(description) }]);
    expect(error.message).toMatch(new RegExp(`^${field.replace(/[[\]]/g, "\\$&")}: `));
  });

  it("is rejected with all its violations at once, at most 20", async () => {
    const { error } = await unary(
      JSON.stringify(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`x${i}`, 1]))),
    );
    expect(violations(error)).toHaveLength(20);
    expect(error.message).toContain("(and 19 more)");
  });

  it("is rejected with the same text when it is compressed", async () => {
    const { status, error } = await unary('{"id":"x","feature":{}}', { "content-encoding": "gzip" });
    expect([status, error.message]).toEqual([
      400,
      expect.stringContaining('feature: unknown field of EchoRequest; did you mean "features"?'),
    ]);
  });

  it("is rejected without a path when it is too large to be kept", async () => {
    const { status, error } = await unary(JSON.stringify({ id: "x", feature: "y".repeat(2 ** 20) }));
    expect([status, error.message]).toEqual([400, expect.stringContaining('key "feature" is unknown')]);
  });

  it("is rejected with MALFORMED_JSON when it is not JSON", async () => {
    const { status, error } = await unary("{");
    expect([status, error.details[0]?.debug.reason]).toEqual([400, "MALFORMED_JSON"]);
  });

  it("is rejected when a field is given twice", async () => {
    const { status, error } = await unary('{"id":"x","id":"y"}');
    expect([status, error.message]).toEqual([400, expect.stringContaining('duplicate object key "id"')]);
  });

  it("fields in both naming styles, null for unset and a byte order mark are accepted", async () => {
    const { status } = await unary('\ufeff{"id":"x","text":null,"behavior":{"fail_after":0,"failText":""}}');
    expect(status).toBe(200);
  });
});

describe("streams in JSON", () => {
  const message = (json: string): Buffer => envelope(Buffer.from(json));

  it("the request of a server stream is checked against the contract", async () => {
    const error = await stream(COUNT, [message('{"until":3}')]);
    expect([error.code, violations(error)]).toEqual([
      "invalid_argument",
      [{ field: "until", description: "unknown field of CountRequest; known: to, padding, behavior" }],
    ]);
  });

  it("a later message of a client stream is checked too, also when it is compressed", async () => {
    const zipped = envelope(gzipSync('{"numbre":3}'), 1);
    const error = await stream(SUM, [message('{"number":1}'), message('{"number":2}'), zipped], {
      "connect-content-encoding": "gzip",
    });
    expect(error.message).toBe('numbre: unknown field of SumRequest; did you mean "number"? known: number');
  });
});

describe("queries of RPCs", () => {
  const get = async (query: string) => {
    const answer = await fetch(`${echo.webUrl}${ECHO}?${query}`);
    return { status: answer.status, error: (await answer.json()) as Failure };
  };
  const message = (json: string): string => `connect=v1&encoding=json&message=${encodeURIComponent(json)}`;

  it("Connect's GET accepts its own parameters, and its message is checked against the contract", async () => {
    expect((await get(message('{"id":"x"}'))).status).toBe(200);
    const wrong = await get(message('{"id":"x","feature":{}}'));
    expect([wrong.status, violations(wrong.error)]).toEqual([
      400,
      [{ field: "feature", description: expect.stringContaining('did you mean "features"?') }],
    ]);
    const encoded = Buffer.from('{"idd":"x"}').toString("base64url");
    expect((await get(`connect=v1&encoding=json&base64=1&message=${encoded}`)).error.message).toContain(
      "idd: unknown field",
    );
  });

  it("any other parameter is rejected, also for a POST", async () => {
    const wrong = await get(`${message('{"id":"x"}')}&timeout=3`);
    expect([wrong.status, wrong.error.message]).toEqual([
      400,
      expect.stringContaining("timeout: unknown query parameter; known: "),
    ]);
    const posted = await unary('{"id":"x"}', {}, `${ECHO}?id=y`);
    expect([posted.status, posted.error.message]).toEqual([400, "id: unknown query parameter; this path accepts none"]);
  });
});

it("a server that ignores unknown names behaves as the protocol's own default", async () => {
  await using lenient = await startEcho({ unknownFields: "ignore" });
  const answer = await fetch(`${lenient.webUrl}${ECHO}?x=1`, {
    method: "POST",
    body: '{"id":"x","feature":{}}',
    headers: { "content-type": "application/json" },
  });
  expect(answer.status).toBe(200);
});
