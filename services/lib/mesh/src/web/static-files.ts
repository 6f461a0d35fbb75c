import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { rejectMethod } from "./http-rejection.ts";
import { pathOf, sendText, type WebHandler, type WebRequest, type WebResponse } from "./web-handler.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

interface StaticFile {
  readonly type: string;
  readonly etag: string;
  readonly bytes: Buffer;
  /** The file in gzip. Undefined if gzip does not make it smaller. */
  readonly zipped: Buffer | undefined;
}

/** A `<meta>` element of a built page, up to the end of its content. */
const META = /(<meta name="([\w-]+)" content=")[^"]*"/g;

/** Matches gzip in `accept-encoding`, unless its weight is 0. */
const TAKES_GZIP = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/;

/** Allows a page its own scripts and styles and calls to its own origin, and nothing from other origins. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Serves the files of a folder. The files are read once at start, so that no path of a request reaches the
 * file system. A browser that requests a page that is not a file gets 404 with a page that says so and links to
 * `index.html`, which routes by the part of the address after "#". Files under `assets/` have a hash in their name and are cached for a year.
 * @param meta values for the page: contents of the `<meta>` elements of `index.html` with these names
 * @throws Error when the folder has no `index.html`
 */
export function staticFiles(folder: string, meta: Readonly<Record<string, string | number>> = {}): WebHandler {
  if (!existsSync(path.join(folder, "index.html")))
    throw new Error(`${folder} has no index.html: build the page first`);
  const files = new Map(
    filesUnder(folder).map((file) => {
      const bytes = readFileSync(path.join(folder, file));
      return [`/${file}`, toStaticFile(file, file === "index.html" ? stating(bytes, meta) : bytes)];
    }),
  );
  return (request, response) => {
    const name = pathOf(request);
    const file = files.get(name === "/" ? "/index.html" : name);
    if (!file) return wantsPage(request) && sendNotFound(request, response);
    if (request.method !== "GET" && request.method !== "HEAD") {
      rejectMethod(request, response, ["GET", "HEAD"]);
    } else {
      send(request, response, file, name.startsWith("/assets/"));
    }
    return true;
  };
}

/** A browser that follows a link requests HTML; a client that calls an unknown RPC does not. */
function wantsPage(request: WebRequest): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  return path.extname(pathOf(request)) === "" && String(request.headers.accept ?? "").includes("text/html");
}

/**
 * Answers with a page that says that this address has no page. The answer needs no script and no file of the folder.
 */
function sendNotFound(request: WebRequest, response: WebResponse): true {
  // The link is relative: behind a proxy, the root has a path that this service does not know.
  // A path such as "*" has no slash.
  const depth = Math.max(0, pathOf(request).split("/").length - 2);
  response.setHeader("cache-control", "no-store");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader(
    "content-security-policy",
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  );
  sendText(response, 404, "text/html; charset=utf-8", notFoundPage("../".repeat(depth) || "./"));
  return true;
}

const notFoundPage = (home: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Page not found · Bellwether</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}</style></head>
<body><main><h1>Page not found</h1><p>There is no page at this address. Check it for typing errors.</p><p><a href="${home}">Go to the alerts</a></p></main></body>
</html>
`;

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"));
}

/** Returns a page with the server's meta values. */
function stating(page: Buffer, meta: Readonly<Record<string, string | number>>): Buffer {
  const text = page.toString("utf8").replace(META, (element, head: string, name: string) => {
    const content = Object.hasOwn(meta, name) ? meta[name] : undefined;
    return content === undefined ? element : `${head}${escapeAttribute(String(content))}"`;
  });
  return Buffer.from(text);
}

function escapeAttribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}

function toStaticFile(file: string, bytes: Buffer): StaticFile {
  const zipped = gzipSync(bytes);
  return {
    type: TYPES[path.extname(file)] ?? "application/octet-stream",
    etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
    bytes,
    zipped: zipped.length < bytes.length * 0.9 ? zipped : undefined,
  };
}

function send(request: WebRequest, response: WebResponse, file: StaticFile, immutable: boolean): void {
  response.setHeader("etag", file.etag);
  response.setHeader("cache-control", immutable ? "public, max-age=31536000, immutable" : "no-cache");
  response.setHeader("vary", "accept-encoding");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("content-security-policy", CONTENT_SECURITY_POLICY);
  if (request.headers["if-none-match"] === file.etag) {
    response.statusCode = 304;
    response.end();
    return;
  }
  const accepted = String(request.headers["accept-encoding"] ?? "");
  const body = file.zipped && TAKES_GZIP.test(accepted) ? file.zipped : file.bytes;
  if (body === file.zipped) response.setHeader("content-encoding", "gzip");
  response.setHeader("content-type", file.type);
  response.setHeader("content-length", body.length);
  if (request.method === "HEAD") response.end();
  else response.end(body);
}
