import { ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import type { Caller } from "../call/caller.ts";
import { onBehalfOf, personBehind } from "./on-behalf.ts";

const service: Caller = { subject: "ops-service", roles: new Set(["service"]), via: "certificate" };

it.each([
  { subject: "ada", name: "Ada Lovelace" },
  { subject: "a b|c@d/é😀", name: 'Zoë "x" \r\n\t' },
  { subject: "ada", name: "" },
])("a service names the person %j", ({ subject, name }) => {
  const header = onBehalfOf({ subject, name });
  expect(header).toMatch(/^[\x20-\x7e]+$/);
  expect(personBehind(service, header)).toEqual({ ...service, subject, ...(name !== "" && { name }) });
});

it("a call without the header is the service's own", () => {
  expect(personBehind(service, undefined)).toBe(service);
});

it.each(["", " ", "%E9", "a b c", "a\u00e9", `${"x".repeat(256)} `, "x".repeat(257), "%GG", "a%00", "a b%00"])(
  "rejects the value %j",
  (header) => {
    expect(() => personBehind(service, header)).toThrow(ConnectError);
    expect(() => personBehind(service, header)).toThrow(/bellwether-on-behalf-of/);
  },
);

it("rejects the header from a caller that is not a service", () => {
  const admin: Caller = { subject: "eve", roles: new Set(["admin"]), via: "token" };
  expect(() => personBehind(admin, onBehalfOf({ subject: "ada" }))).toThrow(/needs the role service/);
});
