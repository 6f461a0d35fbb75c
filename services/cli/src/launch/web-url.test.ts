import { expect, test } from "vitest";
import { webUrl } from "./web-url.ts";

test("a URL under TLS begins with https", () => {
  const service = { addresses: { web: { port: 8080 } } };
  expect(webUrl(service, false)).toBe("http://localhost:8080");
  expect(webUrl(service, true)).toBe("https://localhost:8080");
});
