import { DESTINATION_NAME_PATTERN } from "@bellwether/contract/destination-name";
import { z } from "zod";
import { integerFrom, leaf, numberWhere, oneOf, parseWithSchema, textLike, yesNo } from "./check-schema.ts";
import { checkRoutes, NOTICE_CHANNELS, shownInRoutes, TO_OWNER } from "./notice-routes-checks.ts";
import { readYaml, type YamlFile } from "./yaml-file.ts";

/** How a notice reaches its receiver. */
export type NoticeChannel = (typeof NOTICE_CHANNELS)[number];

/** Days of the week, from Monday. */
export const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A time of day, in minutes since midnight, 0 to 1439. */
export type MinuteOfDay = number;

/** A receiver of notices, as the file describes it. */
export interface DestinationSpec {
  readonly name: string;
  readonly channel: NoticeChannel;
  /** URL or mail address. Null: it is in the variable `addressFrom`. */
  readonly address: string | null;
  readonly addressFrom: string | null;
  /** Variable with the signing secret of a webhook. Null: the notices are not signed. */
  readonly secretFrom: string | null;
  readonly allowPrivateNetworks: boolean;
  /** IANA time zone of digest and quiet hours. */
  readonly timeZone: string;
  /** When digests are sent. Null: the destination gets no digests. */
  readonly digest: { readonly on: Weekday | null; readonly at: MinuteOfDay } | null;
  /** Time of day in which nothing is sent, up to 24 h, also over midnight. Null: there is none. */
  readonly quietHours: { readonly from: MinuteOfDay; readonly to: MinuteOfDay } | null;
}

/** Which alerts a route is for. An empty list: all. */
export interface RouteCondition {
  readonly severities: readonly ("warning" | "critical")[];
  readonly regions: readonly string[];
  readonly categories: readonly string[];
  readonly owners: readonly string[];
}

/** To whom the notices of some alerts are sent. */
export interface NoticeRoute extends RouteCondition {
  readonly name: string;
  /** Names of destinations. */
  readonly to: readonly string[];
  /** Whether the destinations of the alert's owner get it too. */
  readonly toOwner: boolean;
  readonly deliver: "at_once" | "digest";
}

/** Who is notified when nobody takes an alert in time. */
export interface Escalation {
  readonly afterMs: number;
  readonly severities: readonly ("warning" | "critical")[];
  readonly to: readonly string[];
  readonly toOwner: boolean;
}

/** The contents of config/notice_routes.yaml. */
export interface NoticeRoutes {
  readonly destinations: readonly DestinationSpec[];
  readonly routes: readonly NoticeRoute[];
  /** Destinations of each owner of alerts, by the owner's name. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
  /** How a person learns that an alert was assigned to them. "off": not at all. */
  readonly assignments: "at_once" | "digest" | "off";
  /** How the owner of a watchlist learns of alerts about its suppliers that were raised or became worse. "off": not at all. */
  readonly watchlists: "at_once" | "digest" | "off";
  /** Null: there is none. */
  readonly escalation: Escalation | null;
  /** Time for which delivered and dead notices are kept, days. Default 90. */
  readonly retentionDays: number;
}

const MAX_DESTINATIONS = 32;
const MAX_ROUTES = 100;
const MAX_OWNERS = 2_000;
const MAX_NAMES = 100;
const HOUR_MS = 3_600_000;

const name = textLike("a name of 1 to 40 lower-case letters, digits and -", DESTINATION_NAME_PATTERN);
const variable = textLike(
  "the name of an environment variable that begins with NOTICE_, at most 64 characters",
  /^NOTICE_[A-Z0-9_]{1,57}$/,
);
const text = leaf<string>("a text of 1 to 200 characters", (v) => typeof v === "string" && v !== "" && v.length <= 200);
const address = leaf<string>(
  "an address of 1 to 2048 characters",
  (v) => typeof v === "string" && v !== "" && v.length <= 2048,
);
const timeOfDay = textLike('a time of day in quotes, for example "07:30"', /^([01]\d|2[0-3]):[0-5]\d$/);
const timeZone = leaf<string>("a time zone such as Europe/Berlin", isTimeZone);
const severities = z
  .array(oneOf(["warning", "critical"]))
  .max(2, "at most 2 severities")
  .default([]);
const texts = z.array(text).max(MAX_NAMES, `at most ${MAX_NAMES} entries`).default([]);
const to = z.array(name).min(1, "at least one destination").max(MAX_DESTINATIONS, `at most ${MAX_DESTINATIONS} names`);

const schema = z.strictObject({
  version: z.literal(1, { error: "1" }),
  time_zone: timeZone.default("UTC"),
  destinations: z
    .array(
      z.strictObject({
        name,
        channel: oneOf(NOTICE_CHANNELS),
        address: address.optional(),
        address_from: variable.optional(),
        secret_from: variable.optional(),
        allow_private_networks: yesNo.default(false),
        time_zone: timeZone.optional(),
        digest: z
          .strictObject(
            { on: oneOf(WEEKDAYS).optional(), at: timeOfDay },
            { error: "a digest: at, and on for a weekly one" },
          )
          .optional(),
        quiet_hours: z.strictObject({ from: timeOfDay, to: timeOfDay }, { error: "quiet hours: from, to" }).optional(),
      }),
    )
    .max(MAX_DESTINATIONS, `at most ${MAX_DESTINATIONS} destinations`)
    .default([]),
  routes: z
    .array(
      z.strictObject({
        name,
        severities,
        regions: texts,
        categories: texts,
        owners: texts,
        to,
        deliver: oneOf(["at_once", "digest"]).default("at_once"),
      }),
    )
    .max(MAX_ROUTES, `at most ${MAX_ROUTES} routes`)
    .default([]),
  owners: z
    .array(z.strictObject({ owner: text, to }))
    .max(MAX_OWNERS, `at most ${MAX_OWNERS} owners`)
    .default([]),
  assignments: oneOf(["at_once", "digest", "off"]).default("at_once"),
  watchlists: oneOf(["at_once", "digest", "off"]).default("at_once"),
  escalation: z
    .strictObject(
      {
        after_hours: numberWhere("a number of hours from 0.01 to 8760", (v) => v >= 0.01 && v <= 8_760),
        severities,
        to,
      },
      { error: "an escalation: after_hours, severities, to" },
    )
    .optional(),
  retention_days: integerFrom(1, 3_650).default(90),
});

/**
 * Reads config/notice_routes.yaml. A file without content has no destinations. @throws ConfigError with every
 * violation
 */
export async function loadNoticeRoutes(path: string): Promise<NoticeRoutes> {
  return parseNoticeRoutes(await readYaml(path, { version: 1 }));
}

/** Returns the routes in a parsed file. @throws ConfigError with every violation */
export function parseNoticeRoutes(file: YamlFile): NoticeRoutes {
  const yaml = parseWithSchema(schema, file, checkRoutes, shownInRoutes);
  const { escalation } = yaml;
  return {
    destinations: yaml.destinations.map((one) => ({
      name: one.name,
      channel: one.channel,
      address: one.address ?? null,
      addressFrom: one.address_from ?? null,
      secretFrom: one.secret_from ?? null,
      allowPrivateNetworks: one.allow_private_networks,
      timeZone: one.time_zone ?? yaml.time_zone,
      digest: one.digest ? { on: one.digest.on ?? null, at: minuteOfDay(one.digest.at) } : null,
      quietHours: one.quiet_hours
        ? { from: minuteOfDay(one.quiet_hours.from), to: minuteOfDay(one.quiet_hours.to) }
        : null,
    })),
    routes: yaml.routes.map(({ to: names, ...route }) => ({ ...route, ...receivers(names) })),
    owners: new Map(yaml.owners.map(({ owner, to: names }) => [owner, names])),
    assignments: yaml.assignments,
    watchlists: yaml.watchlists,
    escalation: escalation
      ? {
          afterMs: Math.round(escalation.after_hours * HOUR_MS),
          severities: escalation.severities,
          ...receivers(escalation.to),
        }
      : null,
    retentionDays: yaml.retention_days,
  };
}

const receivers = (names: readonly string[]) => ({
  to: names.filter((one) => one !== TO_OWNER),
  toOwner: names.includes(TO_OWNER),
});

function minuteOfDay(time: string): MinuteOfDay {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}

function isTimeZone(value: unknown): boolean {
  if (typeof value !== "string" || value.length > 64) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: value });
    return true;
  } catch {
    return false;
  }
}
