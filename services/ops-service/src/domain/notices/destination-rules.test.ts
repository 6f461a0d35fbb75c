import { parseNoticeRoutes } from "@bellwether/config/notice-routes";
import { parseYaml } from "@bellwether/config/yaml-file";
import { expect, test } from "vitest";
import { deliveryTimes, destinationRules, noNoticesReason } from "./destination-rules.ts";

const routesOf = (text: string) => parseNoticeRoutes(parseYaml(`version: 1\n${text}`, "routes.yaml"));

const DESTINATIONS = `
destinations:
  - { name: room, channel: webhook, address: "https://room.example.org/" }
  - { name: jane, channel: mail, address: jane@example.org, time_zone: Europe/Berlin, digest: { at: "07:30" },
      quiet_hours: { from: "19:00", to: "08:00" } }
  - { name: unused, channel: webhook, address: "https://unused.example.org/" }
`;
const ROUTES = routesOf(`${DESTINATIONS}
owners: [{ owner: jane.doe, to: [jane] }]
routes:
  - { name: critical, severities: [critical], to: [room, owner] }
  - { name: steel, categories: [steel], regions: [EU], to: [owner], deliver: digest }
escalation: { after_hours: 48, to: [room] }
`);

test("a destination has the routes that name it or its owners, its assignments and watchlists, and the escalation", () => {
  const kinds = (name: string) =>
    destinationRules(name, ROUTES).rules.map(({ kind, route, isOwnedOnly, isInDigest }) => [
      ...[kind, route, isOwnedOnly, isInDigest],
    ]);
  expect(kinds("room")).toEqual([
    ["route", "critical", false, false],
    ["escalation", "", false, false],
  ]);
  expect(kinds("jane")).toEqual([
    ["route", "critical", true, false],
    ["route", "steel", true, true],
    ["assignment", "", true, false],
    ["watchlist", "", false, false],
  ]);
  expect(destinationRules("jane", ROUTES).owners).toEqual(["jane.doe"]);
  expect(destinationRules("unused", ROUTES)).toEqual({ rules: [], owners: [] });
  expect(destinationRules("room", ROUTES).rules.at(-1)?.afterMs).toBe(48 * 3_600_000);
});

test("a routes file that sends nothing says why", () => {
  expect(noNoticesReason(ROUTES)).toBeNull();
  expect(noNoticesReason(routesOf(""))).toBe("no_destinations");
  expect(noNoticesReason(routesOf(DESTINATIONS))).toBe("no_routes");
  expect(noNoticesReason(routesOf(`${DESTINATIONS}routes: [{ name: all, to: [owner] }]`))).toBe("no_routes");
});

test("quiet hours delay the next delivery, what is sent at once, and the digest", () => {
  const jane = ROUTES.destinations[1];
  if (!jane) throw new Error("the routes have no second destination");
  const times = (now: string, nextDueAt: string | null = null, disabledAt: Date | null = null) =>
    deliveryTimes(jane, { disabledAt, nextDueAt: nextDueAt === null ? null : new Date(nextDueAt) }, new Date(now));
  // In March, Berlin is an hour ahead of UTC.
  expect(times("2026-03-16T12:00:00Z")).toEqual({
    ...{ isQuiet: false, nextDeliveryAt: null, nextAtOnceAt: new Date("2026-03-16T12:00:00Z") },
    nextDigestAt: new Date("2026-03-17T07:00:00Z"),
  });
  expect(times("2026-03-16T18:00:00Z", "2026-03-16T17:00:00Z")).toMatchObject({
    ...{ isQuiet: true, nextDeliveryAt: new Date("2026-03-17T07:00:00Z") },
    nextAtOnceAt: new Date("2026-03-17T07:00:00Z"),
  });
  expect(times("2026-03-16T12:00:00Z", "2026-03-16T11:00:00Z").nextDeliveryAt).toEqual(
    new Date("2026-03-16T12:00:00Z"),
  );
  expect(times("2026-03-16T12:00:00Z", "2026-03-16T11:00:00Z", new Date())).toMatchObject({
    ...{ nextDeliveryAt: null, nextAtOnceAt: null, nextDigestAt: null },
  });
});
