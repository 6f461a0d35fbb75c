import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { createPeerOutage } from "./peer-outage.ts";

function setUp() {
  const lines: [level: string, fields: object, message: string | undefined][] = [];
  const of = (level: string) => (fields: object, message?: string) => void lines.push([level, fields, message]);
  const clock = { ms: 1_000 };
  const logger = { info: of("info"), warn: of("warn") };
  const outage = createPeerOutage({ logger, text: "events are kept", uptimeMs: () => clock.ms });
  return { lines, clock, outage };
}
const away = () => new ConnectError("connect ECONNREFUSED", Code.Unavailable);

test("a peer that is still starting is one line at level info without a stack", () => {
  const { lines, outage } = setUp();
  for (let i = 0; i < 3; i++) outage.report(away());
  expect(lines).toEqual([["info", { reason: "[unavailable] connect ECONNREFUSED" }, "events are kept"]]);
});

test("a peer that is still away a minute after the start is one warning without a stack", () => {
  const { lines, clock, outage } = setUp();
  outage.report(away());
  clock.ms = 60_000;
  for (let i = 0; i < 3; i++) outage.report(away());
  expect(lines.map(([level]) => level)).toEqual(["info", "warn"]);
  expect(lines[1]?.[1]).toEqual({ reason: "[unavailable] connect ECONNREFUSED" });
});

test("another error is a warning with its stack at any time, and is logged again after a success", () => {
  const { lines, outage } = setUp();
  const error = new ConnectError("needs the role service", Code.PermissionDenied);
  outage.report(error);
  outage.report(error);
  expect(outage.end()).toBe(true);
  expect(outage.end()).toBe(false);
  outage.report(error);
  expect(lines).toEqual([
    ["warn", { err: error }, "events are kept"],
    ["warn", { err: error }, "events are kept"],
  ]);
});

test("the error of a service that names the peer counts as a peer that is away", () => {
  const { lines, outage } = setUp();
  const named = Object.assign(new Error("ops-service does not answer"), { name: "PeerUnavailableError" });
  outage.report(named);
  expect(lines).toEqual([["info", { reason: "ops-service does not answer" }, "events are kept"]]);
});
