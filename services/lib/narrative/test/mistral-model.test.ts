import { inspect } from "node:util";
import { Secret } from "@bellwether/env/secret";
import { completion, type StandInServer, startStandIn } from "@bellwether/testing/mistral-stand-in";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type LanguageModel, LanguageModelError } from "../src/generate/language-model.ts";
import { openMistralModel } from "../src/mistral/mistral-model.ts";

const KEY = "key-9f2b7c61d4";
let server: StandInServer;
let model: LanguageModel;

// Variables of the client with which it would print or send requests.
vi.stubEnv("MISTRAL_DEBUG", "true");
vi.stubEnv("MISTRAL_SDK_TELEMETRY", "dedicated");
const printed = vi.spyOn(console, "log");

beforeAll(async () => {
  server = await startStandIn(() => "{}");
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  server.requests.length = 0;
  model = await openMistralModel({ apiKey: new Secret(KEY), baseUrl: server.url, model: "stand-in" });
});

const ask = (timeoutMs = 20_000) =>
  model.complete({ instructions: "rules", facts: '{"a":1}' }, AbortSignal.timeout(timeoutMs));

async function failure(timeoutMs?: number): Promise<LanguageModelError> {
  const error = await ask(timeoutMs).catch((error: unknown) => error);
  if (!(error instanceof LanguageModelError)) throw new Error(`not a LanguageModelError: ${inspect(error)}`);
  return error;
}

test("sends the facts and the form of the answer, and returns the content and the tokens", async () => {
  server.answer = () => '{"language":"en"}';
  expect(await ask()).toEqual({ content: '{"language":"en"}', tokens: 150 });
  const [request] = server.requests;
  expect(request?.path).toBe("/v1/chat/completions");
  expect(request?.headers.authorization).toBe(`Bearer ${KEY}`);
  expect(request?.body.messages).toEqual([
    { role: "system", content: "rules" },
    { role: "user", content: '{"a":1}' },
  ]);
  expect(request?.body.response_format?.type).toBe("json_schema");
  expect(request?.body.max_tokens).toBe(model.maxAnswerTokens);
});

test("the variables of the client's own telemetry and debugging have no effect", async () => {
  expect(await ask()).toMatchObject({ tokens: 150 });
  expect(printed).not.toHaveBeenCalled();
});

test.each([
  [401, "UNAUTHORIZED"],
  [403, "UNAUTHORIZED"],
  [422, "UNAVAILABLE"],
  [429, "RATE_LIMITED"],
  [500, "UNAVAILABLE"],
  [503, "UNAVAILABLE"],
])("HTTP status %i is %s, asked once, and its text is not in the error", async (status, expected) => {
  server.answer = (request, response) => {
    const text = `${KEY} ${request.headers.authorization}`;
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify({ message: text, detail: text }));
    return undefined;
  };
  const error = await failure();
  expect(error).toMatchObject({ failure: expected, status });
  expect(server.requests).toHaveLength(1);
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(KEY);
});

test.each([
  ["is not JSON", "no json"],
  ["is JSON of another form", '{"choices":3}'],
  [
    "has no choices",
    '{"id":"x","object":"o","model":"m","created":1,"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2},"choices":[]}',
  ],
  ["was cut off at the limit of tokens", completion("{", { finish_reason: "length" })],
  ["is empty", ""],
])("a response that %s is MALFORMED", async (_, body) => {
  server.answer = (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(body);
    return undefined;
  };
  expect((await failure()).failure).toBe("MALFORMED");
});

test("a response of 1 MB is MALFORMED, and is not read to its end", async () => {
  server.answer = () => "x".repeat(1_000_000);
  expect((await failure()).failure).toBe("MALFORMED");
});

test("a response without an end is MALFORMED as soon as it is too long", async () => {
  let closed: Promise<unknown> = Promise.resolve();
  server.answer = (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const timer = setInterval(() => response.write(" ".repeat(64_000)), 1);
    closed = new Promise((resolve) => response.once("close", resolve)).then(() => clearInterval(timer));
    return undefined;
  };
  expect((await failure()).failure).toBe("MALFORMED");
  await closed;
});

test("a server that does not answer, or answers a byte at a time, is a TIMEOUT", async () => {
  server.answer = () => undefined;
  expect((await failure(100)).failure).toBe("TIMEOUT");
  let timer: NodeJS.Timeout | undefined;
  server.answer = (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    timer = setInterval(() => response.write(" "), 10);
    response.once("close", () => clearInterval(timer));
    return undefined;
  };
  expect((await failure(200)).failure).toBe("TIMEOUT");
});

test("a connection that is reset, and a server that is not there, are UNAVAILABLE", async () => {
  server.answer = (_, response) => {
    response.socket?.destroy();
    return undefined;
  };
  expect((await failure()).failure).toBe("UNAVAILABLE");
  model = await openMistralModel({ apiKey: new Secret(KEY), baseUrl: "http://127.0.0.1:1", model: "stand-in" });
  expect((await failure()).failure).toBe("UNAVAILABLE");
});

test("a redirect is not followed, so the key is sent to no other server", async () => {
  await using other = await startStandIn(() => "{}");
  server.answer = (_, response) => {
    response.writeHead(307, { location: `${other.url}/v1/chat/completions` }).end();
    return undefined;
  };
  expect((await failure()).failure).toBe("UNAVAILABLE");
  expect(other.requests).toEqual([]);
});
