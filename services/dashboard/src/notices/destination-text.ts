import { type NoticeDestination, type NoticeRule, NoticeRuleKind } from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { timeText } from "../parts/format.ts";
import { SEVERITY_WORDS, wordOf } from "../parts/words.ts";

const HOUR_S = 3_600;
const DAYS = ["each day", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"];

/** Returns what a destination gets, a line for each rule. */
export function ruleTexts({ rules, moreRules, owners, moreOwners }: NoticeDestination): string[] {
  if (rules.length === 0) return ["Tests only: no route names it"];
  return [
    ...rules.map(ruleText),
    ...(moreRules > 0 ? [`and ${moreRules} more rules`] : []),
    ...(owners.length > 0 ? [`Owners: ${owners.join(", ")}${moreOwners > 0 ? ` and ${moreOwners} more` : ""}`] : []),
  ];
}

function ruleText(rule: NoticeRule): string {
  const { severities, regions, categories, supplierOwners, conditionsTruncated } = rule;
  const conditions = [
    ...severities.map((one) => wordOf(SEVERITY_WORDS, one)),
    ...regions,
    ...categories,
    ...supplierOwners,
  ];
  const parts = [
    conditions.length === 0 ? "all alerts" : `${conditions.join(", ")}${conditionsTruncated ? " …" : ""}`,
    rule.ownedOnly && "of its owners",
    rule.after && `not acknowledged for ${Number(rule.after.seconds) / HOUR_S} h`,
    rule.inDigest ? "in the digest" : "at once",
  ];
  return `${nameOf(rule)}: ${parts.filter(Boolean).join(", ")}`;
}

function nameOf({ kind, route }: NoticeRule): string {
  if (kind === NoticeRuleKind.ROUTE) return route;
  if (kind === NoticeRuleKind.WATCHLIST) return "Watchlists";
  return kind === NoticeRuleKind.ASSIGNMENT ? "Assigned alerts" : "Escalation";
}

/** Returns when a destination gets notices: digest, quiet hours, and the next delivery. */
export function timeTexts(destination: NoticeDestination): string[] {
  const { digest, quietHours, isQuiet, timeZone, nextDeliveryAt, nextAtOnceAt } = destination;
  const next = timeText(nextDeliveryAt);
  const later = isQuiet && timeText(nextAtOnceAt);
  const texts = [
    digest && `Digest ${DAYS[digest.weekday]} at ${clockText(digest.minuteOfDay)}, ${timeZone}`,
    quietHours && `Quiet ${clockText(quietHours.fromMinute)} to ${clockText(quietHours.toMinute)}, ${timeZone}`,
    next ? `Next delivery ${next}` : later ? `Quiet now, next delivery not before ${later}` : "Nothing waits",
  ];
  return texts.filter((text) => typeof text === "string");
}

/** Returns a time of day: "07:30". */
const clockText = (minute: number): string => new Date(minute * 60_000).toISOString().slice(11, 16);

/** What to do when no notice is sent. */
export const WAY_OUT = "Add destinations and routes to the routes file, and restart the server.";
