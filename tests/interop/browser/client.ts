import { existsSync } from "node:fs";
import http from "node:http";
import { chromium } from "playwright-core";
import { build } from "vite";
import type { Report } from "../expected.ts";

export const CHROMIUM = "/usr/bin/chromium";
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Returns the reason why the browser cannot run on this machine; undefined when it can. */
export function browserMissing(): string | undefined {
  return existsSync(CHROMIUM) ? undefined : `${CHROMIUM} is not installed (Debian: chromium)`;
}

/** A page that runs the cases. The server must allow its `origin`, which is not its own. */
export interface CasesPage extends AsyncDisposable {
  readonly origin: string;
  run(kind: string, server: string): Promise<Report[]>;
}

/** Bundles the cases and opens the page that runs them in Chromium. */
export async function openCasesPage(): Promise<CasesPage> {
  const script = await bundle();
  const server = http.createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(
      isScript ? script : '<!doctype html><meta charset="utf-8"><body><script type="module" src="/page.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  return {
    origin,
    async run(kind, target) {
      const page = await browser.newPage();
      await page.goto(`${origin}/?kind=${kind}&server=${encodeURIComponent(target)}`);
      await page.waitForFunction(() => document.body.innerText.length > 0, undefined, { timeout: 30_000 });
      const text = await page.innerText("body");
      await page.close();
      if (text.startsWith("failed")) throw new Error(text);
      return JSON.parse(text);
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      server.close();
    },
  };
}

async function bundle(): Promise<string> {
  const entry = new URL("page.ts", import.meta.url).pathname;
  const result = await build({
    logLevel: "error",
    build: { write: false, minify: false, lib: { entry, formats: ["es"], fileName: "page" } },
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (!output || !("output" in output)) throw new Error("vite gave no bundle");
  return output.output[0].code;
}
