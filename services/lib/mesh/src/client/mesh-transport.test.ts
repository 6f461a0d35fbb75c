import { expect, test } from "vitest";
import { parsePeerUrl } from "./mesh-transport.ts";

test.each([
  ["http://ml-service:9081", "dns:///ml-service:9081", false],
  ["https://ml-service:9081", "dns:///ml-service:9081", true],
  ["http://ml-service", "dns:///ml-service:80", false],
  ["https://ml-service/", "dns:///ml-service:443", true],
  ["http://[::1]:9081", "dns:///[::1]:9081", false],
  ["https://[::1]", "dns:///[::1]:443", true],
  ["dns:///ml-service:9081", "dns:///ml-service:9081", false],
  ["ipv4:127.0.0.1:1,127.0.0.1:2", "ipv4:127.0.0.1:1,127.0.0.1:2", false],
])("%s is the target %s", (url, target, secure) => {
  expect(parsePeerUrl(url)).toEqual({ target, secure });
});

test.each([
  "ml-service:9081",
  "localhost:9081",
  "ftp://ml-service",
  "file:///etc/passwd",
  "",
  "//ml-service",
  "http://",
])('"%s" is refused', (url) => {
  expect(() => parsePeerUrl(url)).toThrow(TypeError);
});
