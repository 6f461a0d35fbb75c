import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, it } from "vitest";
import { authorityViolation } from "./request-authority.ts";

/** Returns an HTTP/1.1 request with these Host headers, as Node represents it. */
function requestTo(...hosts: readonly string[]): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { url: "/a", httpVersionMajor: 1, httpVersionMinor: 1 });
  request.rawHeaders = hosts.flatMap((host) => ["Host", host]);
  const [host] = hosts;
  request.headers = host === undefined ? {} : { host };
  return request;
}

it("an empty Host is rejected, also in the first request of a process", () => {
  expect(authorityViolation(requestTo(""), true)).toBe('the Host "" is not a host name with a port from 0 to 65535');
});

it("a valid Host is accepted each time, and rejected when it is sent twice", () => {
  expect(authorityViolation(requestTo("localhost:80"), true)).toBeUndefined();
  expect(authorityViolation(requestTo("localhost:80"), true)).toBeUndefined();
  expect(authorityViolation(requestTo("localhost:80", "localhost:80"), true)).toMatch("2 Host headers");
  expect(authorityViolation(requestTo("localhost:80", "other"), true)).toMatch("2 Host headers");
  expect(authorityViolation(requestTo("localhost:x"), true)).toMatch("is not a host name");
});

it("a request without a Host is rejected after one with a Host", () => {
  expect(authorityViolation(requestTo("localhost"), true)).toBeUndefined();
  expect(authorityViolation(requestTo(), true)).toBe("the request has no Host header: send one");
});
