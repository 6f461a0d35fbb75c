import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../errors/usage-error.ts";
import { parseAnswer, postJson } from "./post-json.ts";

let folder = "";
let env: Record<string, string> = {};
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-post-"));
  await writeFile(path.join(folder, "token"), "secret\n");
  env = { BELLWETHER_TOKEN_FILE: path.join(folder, "token") };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(["http://ml.example:8081", "http://10.0.0.1:8081"])(
  "a token is not sent in clear text to %s",
  async (url) => {
    const posting = postJson(url, "/predict", {}, env);
    await expect(posting).rejects.toThrow(UsageError);
    await expect(posting).rejects.toThrow(
      `in clear text to ${url}: use https, or set BELLWETHER_AUTH_ALLOW_CLEARTEXT=true`,
    );
  },
);

test("a token is sent to this machine", async () => {
  const server = http.createServer((request, response) => response.end(JSON.stringify(request.headers.authorization)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  expect(await postJson(`http://127.0.0.1:${port}`, "/predict", {}, env)).toBe('"Bearer secret"');
  server.close();
});

test.each([
  ["", 'answered "", which is not JSON; --url names the web listener'],
  [
    "<html><body>Sign in to continue to the network",
    'answered "<html><body>Sign in to continue to the n", which is not JSON',
  ],
  ["[1]", "did not answer with a JSON object"],
  ['{"error":{"code":"unavailable","message":"the model is loading"}}', "the model is loading"],
  ['{"error":null}', "could not answer"],
])("an answer of %j is an error that says so", (text, message) => {
  expect(() => parseAnswer("http://x", text, (answer) => answer)).toThrow(message);
});

test("a path that the listener does not have names the URL and the way out", async () => {
  const answers = new Map([
    ["/predict", [404, '{"code":"unimplemented","message":"there is nothing at \\"/predict\\" here"}']],
    ["/explain", [404, "<h1>Not found</h1>"]],
    ["/wrong", [400, '{"code":"invalid_argument","message":"supplier.features.a: a is 7"}']],
    ["/gone", [503, '{"code":"unavailable","message":"no"}']],
  ] as const);
  const server = http.createServer((request, response) => {
    const [status, body] = answers.get(request.url as "/predict") ?? [500, ""];
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  for (const path of ["/predict", "/explain"])
    await expect(postJson(url, path, {}, {})).rejects.toThrow(/^http:.*--url names the web listener of ml-service/s);
  const wrong = postJson(url, "/wrong", {}, {});
  await expect(wrong).rejects.toThrow(UsageError);
  await expect(wrong).rejects.toThrow(/^a is 7$/);
  await expect(postJson(url, "/gone", {}, {})).rejects.toThrow(/^no$/);
  server.close();
});

test("the path of the URL precedes the path of the call", async () => {
  const server = http.createServer((request, response) => response.end(JSON.stringify(request.url)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/pre`;
  expect(await postJson(url, "/explain?narrative_language=de", {}, {})).toBe('"/pre/explain?narrative_language=de"');
  server.close();
});

test("an object that is not the expected answer is an error that names the URL", () => {
  expect(() => parseAnswer("http://x", '{"status":"ok"}', () => null)).toThrow(
    'http://x answered "{\\"status\\":\\"ok\\"}", which is not an answer of ml-service; --url names the web listener of ml-service',
  );
});
