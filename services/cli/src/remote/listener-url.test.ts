import { expect, test } from "vitest";
import { UsageError } from "../errors/usage-error.ts";
import { listenerUrl } from "./listener-url.ts";

test.each([
  ["http://localhost:8081", "http://localhost:8081"],
  ["https://risk.example/", "https://risk.example"],
  ["https://risk.example/pre/fix//", "https://risk.example/pre/fix"],
  ["HTTP://[::1]:8081/a%20b", "http://[::1]:8081/a%20b"],
])("%s is the URL %s", (given, url) => expect(listenerUrl(given)).toBe(url));

test.each([
  ["", '--url "": expected an http or https URL'],
  ["localhost:8081", '--url "localhost:8081": expected an http or https URL'],
  ["ftp://x", '--url "ftp://x": expected an http or https URL'],
  ["http://", '--url "http://": expected an http or https URL'],
  ["http://x?timeout=3", "--url: a query or a fragment is not sent"],
  ["http://x/a#b", "--url: a query or a fragment is not sent"],
])("%j is rejected", (given, message) => {
  expect(() => listenerUrl(given)).toThrow(UsageError);
  expect(() => listenerUrl(given)).toThrow(message);
});

test.each([
  "http://u:hunter2@host:8081",
  "http://hunter2@host",
  "http://:hunter2@host",
  "ftp://u:hunter2@host",
  "u:hunter2@host",
  "http://u:hunter2@ho st",
  "http://host?key=hunter2",
  "http://host#hunter2",
])("%s is rejected without its secret", (given) => {
  expect(() => listenerUrl(given)).toThrow(UsageError);
  expect(() => listenerUrl(given)).not.toThrow(/hunter2/);
});
