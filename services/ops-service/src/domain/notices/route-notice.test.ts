import { parseNoticeRoutes } from "@bellwether/config/notice-routes";
import { parseYaml } from "@bellwether/config/yaml-file";
import { expect, test } from "vitest";
import type { NoticeEvent } from "./notice-event.ts";
import { routeNotice } from "./route-notice.ts";

const NOW = new Date("2026-03-16T12:00:00Z");
const ROUTES = parseNoticeRoutes(
  parseYaml(
    `version: 1
time_zone: Europe/Berlin
destinations:
  - { name: room, channel: slack, address_from: NOTICE_ROOM }
  - { name: erp, channel: webhook, address: "https://erp.example.org/" }
  - { name: jane, channel: mail, address: jane@example.org, digest: { at: "07:30" } }
  - { name: kim, channel: mail, address: kim@example.org, digest: { at: "07:30" } }
  - { name: night, channel: mail, address: night@example.org, quiet_hours: { from: "12:00", to: "14:00" } }
owners: [{ owner: jane.doe, to: [jane] }, { owner: kim, to: [kim] }]
routes:
  - { name: critical, severities: [critical], to: [room, owner] }
  - { name: steel, categories: [steel], regions: [EU], to: [erp] }
  - { name: rest, to: [owner], deliver: digest }
  - { name: of-max, owners: [max], to: [night] }
escalation: { after_hours: 48, to: [room] }
`,
    "routes.yaml",
  ),
);

const event = (over: Partial<NoticeEvent> = {}): NoticeEvent => ({
  ...{ key: "k", cause: "raised", occurredAt: NOW, actor: "rules", assignee: "", supplierId: 1, runId: 1 },
  ...{ alertIds: ["a"], severity: "warning", owner: "", score: 0.8, previousScore: null, impact: 8 },
  ...over,
});
const SUPPLIER = { region: "EU", category: "wood", owner: "" };
const routed = (
  over: Partial<NoticeEvent>,
  supplier: Partial<typeof SUPPLIER> = {},
  deputies: ReadonlyMap<string, string> = new Map(),
  watchers: readonly string[] = [],
  routes = ROUTES,
) =>
  routeNotice(event(over), { ...SUPPLIER, ...supplier }, routes, { deputies, watchers }, NOW).map(
    ({ destination, kind, recipient, dueAt }) =>
      `${destination} ${kind} ${recipient} ${dueAt.toISOString().slice(0, 16)}`,
  );

test.each<[string, Partial<NoticeEvent>, Partial<typeof SUPPLIER>, readonly string[]]>([
  ["no route with a destination", {}, {}, []],
  ["severity", { severity: "critical" }, {}, ["room alerts room 2026-03-16T12:00"]],
  ["category and region", {}, { category: "steel" }, ["erp alerts erp 2026-03-16T12:00"]],
  ["another region", {}, { category: "steel", region: "US" }, []],
  ["the owner's digest", { owner: "jane.doe" }, {}, ["jane digest jane.doe 2026-03-17T06:30"]],
  ["the supplier's owner", {}, { owner: "jane.doe" }, ["jane digest jane.doe 2026-03-17T06:30"]],
  [
    "at once before the digest",
    { severity: "critical", owner: "jane.doe" },
    {},
    ["jane alerts jane.doe 2026-03-16T12:00", "room alerts room 2026-03-16T12:00"],
  ],
  ["quiet hours of the zone", {}, { owner: "max" }, ["night alerts night 2026-03-16T13:00"]],
  ["an assignment", { cause: "assigned", assignee: "jane.doe" }, {}, ["jane alerts jane.doe 2026-03-16T12:00"]],
  ["an assignment to somebody without destination", { cause: "assigned", assignee: "max" }, {}, []],
  ["nobody takes it", { cause: "not_taken" }, {}, ["room escalation room 2026-03-16T12:00"]],
])("routes by %s", (_what, over, supplier, expected) => {
  // Quiet hours of "night" end at 14:00 in Berlin, which is 13:00 UTC; noon UTC is 13:00 there.
  expect(routed(over, supplier)).toEqual(expected);
});

test("notices for an owner who is away go to the deputy, and to the owner when the deputy has no destination", () => {
  const owned = { severity: "critical", owner: "jane.doe" } as const;
  const away = (deputy: string) => new Map([["jane.doe", deputy]]);
  expect(routed(owned, {}, away("kim"))).toEqual([
    "kim alerts kim 2026-03-16T12:00",
    "room alerts room 2026-03-16T12:00",
  ]);
  expect(routed({ cause: "assigned", assignee: "jane.doe" }, {}, away("kim"))).toEqual([
    "kim alerts kim 2026-03-16T12:00",
  ]);
  expect(routed(owned, {}, away("nobody"))).toEqual(routed(owned));
  // One step: the deputy of the deputy gets nothing.
  expect(routed(owned, {}, new Map([...away("kim"), ["kim", "jane.doe"]]))).toEqual(routed(owned, {}, away("kim")));
});

test("owners of watchlists get what was raised or became worse, each destination once and at once before a digest", () => {
  const watched = (over: Partial<NoticeEvent>, watchers: readonly string[], routes = ROUTES) =>
    routed(over, {}, new Map([["jane.doe", "kim"]]), watchers, routes);
  for (const cause of ["raised", "reopened", "escalated", "worse"] as const)
    expect(watched({ cause }, ["jane.doe", "kim", "nobody"])).toEqual([
      "jane alerts jane.doe 2026-03-16T12:00",
      "kim alerts kim 2026-03-16T12:00",
    ]);
  expect(watched({ owner: "kim" }, ["kim"])).toEqual(["kim alerts kim 2026-03-16T12:00"]);
  expect(watched({ cause: "assigned", assignee: "max" }, ["kim"])).toEqual([]);
  expect(watched({ cause: "not_taken" }, ["kim"])).toEqual(["room escalation room 2026-03-16T12:00"]);
  expect(watched({}, ["kim"], { ...ROUTES, watchlists: "off" })).toEqual([]);
  expect(watched({}, ["kim"], { ...ROUTES, watchlists: "digest" })).toEqual(["kim digest kim 2026-03-17T06:30"]);
});
