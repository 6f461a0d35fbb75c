import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { staticFiles } from "./static-files.ts";

const PAGE = `<!doctype html><head><meta name="ratio" content="0.01" /><meta name="kept" content="k" /></head>${"<p>long</p>".repeat(100)}`;
const SCRIPT = "export const a = 1;\n".repeat(100);
/** Every byte value once, so that gzip saves nothing. */
const PICTURE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

let folder = "";
let server: http.Server;

beforeAll(async () => {
  const parent = await mkdtemp(path.join(os.tmpdir(), "bellwether-page-"));
  folder = path.join(parent, "dist");
  await mkdir(path.join(folder, "assets"), { recursive: true });
  await writeFile(path.join(parent, "secret.txt"), "secret");
  await writeFile(path.join(folder, "index.html"), PAGE);
  await writeFile(path.join(folder, "assets/main-abc.js"), SCRIPT);
  await writeFile(path.join(folder, "picture.png"), PICTURE);
  await writeFile(path.join(folder, "index"), "no type");
  server = await serve(staticFiles(folder));
});
afterAll(async () => {
  server.close();
  await rm(path.dirname(folder), { recursive: true, force: true });
});

async function serve(handler: ReturnType<typeof staticFiles>): Promise<http.Server> {
  const listening = http.createServer((request, response) => {
    if (!handler(request, response)) response.writeHead(404).end("left to the next handler");
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  return listening;
}

/** Sends the path unchanged; fetch would normalise it. */
async function ask(target: string, headers: http.OutgoingHttpHeaders = {}, method = "GET", at = server) {
  const { port } = at.address() as AddressInfo;
  const request = http.request({ port, host: "127.0.0.1", path: target, method, headers, agent: false }).end();
  const [response]: http.IncomingMessage[] = await once(request, "response");
  if (!response) throw new Error("no response");
  const chunks: Buffer[] = await response.toArray();
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

test("a folder without a page is an error at start", () => {
  expect(() => staticFiles(os.tmpdir())).toThrow(`${os.tmpdir()} has no index.html: build the page first`);
});

test.each([
  ["/", "text/html; charset=utf-8", PAGE],
  ["/index.html", "text/html; charset=utf-8", PAGE],
  ["/?week=2026-W47", "text/html; charset=utf-8", PAGE],
  ["/assets/main-abc.js", "text/javascript; charset=utf-8", SCRIPT],
  ["/index", "application/octet-stream", "no type"],
])("%s is a file of type %s", async (target, type, body) => {
  const answer = await ask(target);
  expect([answer.status, answer.headers["content-type"], answer.body.toString()]).toEqual([200, type, body]);
  expect(answer.headers["content-length"]).toBe(String(body.length));
  expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  expect(answer.headers["content-security-policy"]).toContain("default-src 'self'");
});

test.each([
  "/../secret.txt",
  "/assets/../../secret.txt",
  "/%2e%2e/secret.txt",
  "/..%2fsecret.txt",
  "/assets/..%5c..%5csecret.txt",
  "//etc/passwd",
  "/assets",
  "/assets/",
  "/index.html%00",
  "/__proto__",
  "/constructor",
  `/${"a".repeat(8_000)}`,
])("%s is not a file", async (target) => {
  expect(await ask(target)).toMatchObject({ status: 404 });
});

test("a browser that requests an unknown page is told so with a link; a client, or a request for a missing script, gets no page", async () => {
  const accept = "text/html,application/xhtml+xml";
  for (const [target, home] of [
    ["/nowhere", "./"],
    ["/suppliers/S1", "../"],
    ["/a/b/c?x=1", "../../"],
  ] as const) {
    const { status, headers, body } = await ask(target, { accept });
    expect([status, headers["content-type"]]).toEqual([404, "text/html; charset=utf-8"]);
    expect(body.toString()).toContain("Page not found");
    expect(body.toString()).toContain(`<a href="${home}">`);
    expect(new URL(home, `http://host/proxied${target}`).pathname).toBe("/proxied/");
  }
  expect(await ask("*", { accept })).toMatchObject({ status: 404, body: expect.anything() });
  expect(await ask("/nowhere", { accept }, "POST")).toMatchObject({
    status: 404,
    body: Buffer.from("left to the next handler"),
  });
  for (const [target, wanted] of [
    ["/suppliers/S1", "application/json"],
    ["/assets/main-old.js", accept],
  ] as const) {
    expect(await ask(target, { accept: wanted })).toMatchObject({ status: 404 });
  }
});

test("only files under assets/ are cached without revalidation", async () => {
  expect((await ask("/assets/main-abc.js")).headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  for (const target of ["/", "/picture.png"]) {
    expect((await ask(target)).headers["cache-control"]).toBe("no-cache");
  }
});

test("a client that already has the file gets no body", async () => {
  const { etag } = (await ask("/")).headers;
  expect(await ask("/", { "if-none-match": etag })).toMatchObject({ status: 304, body: Buffer.alloc(0) });
  expect(await ask("/", { "if-none-match": '"another"' })).toMatchObject({ status: 200 });
});

describe("compression", () => {
  test.each(["gzip", "br, gzip;q=0.5", "gzip;q=1, br"])(
    "a file that gzip makes smaller is compressed for a client that accepts %s",
    async (encoding) => {
      const { headers, body } = await ask("/assets/main-abc.js", { "accept-encoding": encoding });
      expect([headers["content-encoding"], headers.vary]).toEqual(["gzip", "accept-encoding"]);
      expect(gunzipSync(body).toString()).toBe(SCRIPT);
      expect(headers["content-length"]).toBe(String(body.length));
    },
  );

  test.each([
    ["/assets/main-abc.js", "identity"],
    ["/assets/main-abc.js", "br, gzip;q=0"],
    ["/picture.png", "gzip"],
  ])("%s is not compressed for a client that accepts %s", async (target, encoding) => {
    expect((await ask(target, { "accept-encoding": encoding })).headers).not.toHaveProperty("content-encoding");
  });
});

test("HEAD returns the headers of GET and no body", async () => {
  const [head, get] = [await ask("/", {}, "HEAD"), await ask("/")];
  expect(head).toMatchObject({ status: 200, body: Buffer.alloc(0) });
  expect(head.headers["content-length"]).toBe(get.headers["content-length"]);
});

test.each(["POST", "PUT", "DELETE", "OPTIONS"])(
  "the method %s is rejected, and the answer lists the allowed methods",
  async (method) => {
    expect(await ask("/", {}, method)).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  },
);

test("the page contains the server's meta values and is otherwise unchanged", async () => {
  const stating = await serve(staticFiles(folder, { ratio: 0.25, missing: "x" }));
  const { body } = await ask("/", {}, "GET", stating);
  expect(body.toString()).toBe(PAGE.replace("0.01", "0.25"));
  const hostile = await serve(staticFiles(folder, { ratio: '"><script>alert("&")</script>' }));
  const page = (await ask("/", {}, "GET", hostile)).body.toString();
  expect(page).toBe(PAGE.replace("0.01", "&quot;>&lt;script>alert(&quot;&amp;&quot;)&lt;/script>"));
  for (const each of [stating, hostile]) each.close();
});
