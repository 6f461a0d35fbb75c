import { startEcho } from "@bellwether/testing/echo/start-echo";
import { expect, test } from "vitest";

test("the document and the page have only what the listener serves, and need no other server", async () => {
  await using echo = await startEcho({});
  const document = await fetch(`${echo.webUrl}/openapi.json`);
  expect([document.status, document.headers.get("content-type")]).toEqual([200, "application/json"]);
  const json = await document.json();
  expect(json.openapi).toBe("3.1.0");
  expect(Object.keys(json.paths)).toEqual([]);
  const page = await fetch(`${echo.webUrl}/reference`);
  const html = await page.text();
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(html).toContain('<a href="openapi.json">');
  expect([...html.matchAll(/<script[^>]*>|src=|https?:/g)].map(([found]) => found)).toEqual([
    '<script defer src="reference.js">',
  ]);
  const policy = page.headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'unsafe-inline'");
  const script = await fetch(`${echo.webUrl}/reference.js`);
  expect([script.status, script.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
});

test("another method than GET and HEAD is rejected, and HEAD has no body", async () => {
  await using echo = await startEcho({});
  const posted = await fetch(`${echo.webUrl}/openapi.json`, { method: "POST" });
  expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  const head = await fetch(`${echo.webUrl}/reference`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});
