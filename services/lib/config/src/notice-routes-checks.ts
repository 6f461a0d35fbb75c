import { nearestName } from "@bellwether/contract/nearest-name";
import { shown, valueAt, violationAt } from "./check-schema.ts";
import type { ConfigViolation } from "./config-error.ts";
import type { YamlFile } from "./yaml-file.ts";

/** The channels by which a notice can reach its receiver. */
export const NOTICE_CHANNELS = ["webhook", "slack", "teams", "mail"] as const;

/** The word with which `to` names the destinations of an alert's owner. */
export const TO_OWNER = "owner";

/** Finds names that no destination has, names given twice, and addresses that do not fit their channel. */
export function checkRoutes(file: YamlFile): readonly ConfigViolation[] {
  return [
    ...duplicates(file, "destinations", "name"),
    ...duplicates(file, "routes", "name"),
    ...duplicates(file, "owners", "owner"),
    ...eachOf(file, "destinations").flatMap((i) => checkDestination(file, i)),
    ...checkNames(file),
    ...checkDigests(file),
  ];
}

type Path = readonly PropertyKey[];

const NOT_SHOWN = "[not shown]";

/**
 * Returns a value in the form in which a violation shows it. An address is not shown: its user, password, path and
 * query may be secret. Other values that may be an address or a secret in the wrong place are not shown either: a
 * destination that is not a map, and a text that is not the name of a variable.
 */
export function shownInRoutes(path: Path, value: unknown): string {
  if (path[0] !== "destinations" || value === undefined || value === null) return shown(value);
  const key = path[2];
  if (key === "address" || (key === undefined && typeof value !== "object")) return NOT_SHOWN;
  const isVariable = key === "address_from" || key === "secret_from";
  return isVariable && !/^[A-Z0-9_]{1,64}$/.test(String(value)) ? NOT_SHOWN : shown(value);
}

const at = (file: YamlFile, ...path: Path): unknown => valueAt(file.value, path);

/** Returns the positions of a list, whatever its entries are. */
function eachOf(file: YamlFile, ...path: Path): readonly number[] {
  const list = at(file, ...path);
  return Array.isArray(list) ? list.map((_, i) => i) : [];
}

function duplicates(file: YamlFile, list: string, key: string): ConfigViolation[] {
  const seen = new Set<unknown>();
  return eachOf(file, list).flatMap((i) => {
    const value = at(file, list, i, key);
    const isRepeated = value !== undefined && seen.has(value);
    seen.add(value);
    return isRepeated ? [violationAt(file, [list, i, key], shown(value), "each of them once")] : [];
  });
}

type ReportViolation = (key: string | null, value: unknown, expected: string) => void;

function checkDestination(file: YamlFile, i: number): ConfigViolation[] {
  const path: Path = ["destinations", i];
  const get = (key: string): unknown => at(file, ...path, key);
  const found: ConfigViolation[] = [];
  const report: ReportViolation = (key, value, expected) => {
    const place = key === null ? path : [...path, key];
    found.push(violationAt(file, place, shownInRoutes(place, value), expected));
  };
  if (get("name") === TO_OWNER) report("name", TO_OWNER, `another name: "${TO_OWNER}" means the alert's owner`);
  if ((get("address") === undefined) === (get("address_from") === undefined))
    report(null, get("address"), "either address or address_from");
  // For an unknown channel, the schema reports the channel. What its other keys may have is not known then.
  if (NOTICE_CHANNELS.some((known) => known === get("channel"))) checkChannelKeys(get, report);
  const quiet = ["from", "to"].map((key) => at(file, ...path, "quiet_hours", key));
  if (quiet[0] !== undefined && quiet[0] === quiet[1])
    report("quiet_hours", quiet[0], "two different times, or no quiet hours");
  return found;
}

/** Checks the keys of a destination whose values depend on its channel. */
function checkChannelKeys(get: (key: string) => unknown, report: ReportViolation): void {
  const [channel, address] = [get("channel"), get("address")];
  if ((channel === "slack" || channel === "teams") && address !== undefined)
    report("address", address, "address_from: everybody who has this URL can write there, so it is a secret");
  else if (typeof address === "string") {
    const problem = addressProblem(channel, address, get("allow_private_networks") === true);
    if (problem) report("address", address, problem);
  }
  if (get("secret_from") !== undefined && channel !== "webhook")
    report("secret_from", get("secret_from"), "no secret: only webhooks are signed");
  if (channel === "mail" && get("allow_private_networks") === true)
    report(
      "allow_private_networks",
      true,
      "no such key with the channel mail: BELLWETHER_SMTP_ALLOW_PRIVATE=true allows a mail server in a private network",
    );
}

/** The part of an address before @ may have any printable characters except spaces and those that separate addresses. */
const MAIL = /^[^\s@<>(),;:"\\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/** Returns the form that an address must have. Undefined: it has it. */
export function addressProblem(channel: unknown, address: string, allowHttp: boolean): string | undefined {
  if (channel === "mail") return MAIL.test(address) ? undefined : "a mail address, for example jane@example.org";
  const protocols = allowHttp ? ["https:", "http:"] : ["https:"];
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url && protocols.includes(url.protocol) && url.username === "" && url.password === "") return undefined;
  return allowHttp
    ? "a URL that starts with https: or http:, without user and password"
    : "a URL that starts with https:, without user and password (http: needs allow_private_networks)";
}

/** The lists of destinations in the file. */
function receiverLists(file: YamlFile): readonly Path[] {
  return [
    ...eachOf(file, "routes").map((i): Path => ["routes", i, "to"]),
    ...eachOf(file, "owners").map((i): Path => ["owners", i, "to"]),
    ["escalation", "to"],
  ];
}

function checkNames(file: YamlFile): ConfigViolation[] {
  const known = destinationNames(file);
  return receiverLists(file).flatMap((path) =>
    eachOf(file, ...path).flatMap((i) => {
      const name = at(file, ...path, i);
      const isKnown = name === TO_OWNER ? path[0] !== "owners" : known.includes(String(name));
      if (typeof name !== "string" || isKnown) return [];
      const nearest = nearestName(name, known);
      return [
        violationAt(
          file,
          [...path, i],
          shown(name),
          nearest ? `the destination "${nearest}"` : "the name of a destination in this file",
        ),
      ];
    }),
  );
}

const destinationNames = (file: YamlFile): readonly string[] =>
  eachOf(file, "destinations").flatMap((i) => {
    const name = at(file, "destinations", i, "name");
    return typeof name === "string" ? [name] : [];
  });

/** A digest needs a time at each of its destinations. */
function checkDigests(file: YamlFile): ConfigViolation[] {
  const hasDigest = new Map(
    eachOf(file, "destinations").map((i) => [
      at(file, "destinations", i, "name"),
      at(file, "destinations", i, "digest") !== undefined,
    ]),
  );
  const withoutDigest = (path: Path): ConfigViolation[] =>
    eachOf(file, ...path).flatMap((i) => {
      const name = at(file, ...path, i);
      if (hasDigest.get(name) !== false) return [];
      return [violationAt(file, [...path, i], shown(name), "a destination with a digest, because this is sent as one")];
    });
  const routes = eachOf(file, "routes").filter((i) => at(file, "routes", i, "deliver") === "digest");
  const isToOwners =
    at(file, "assignments") === "digest" ||
    at(file, "watchlists") === "digest" ||
    routes.some((i) => eachOf(file, "routes", i, "to").some((k) => at(file, "routes", i, "to", k) === TO_OWNER));
  return [
    ...routes.flatMap((i) => withoutDigest(["routes", i, "to"])),
    ...(isToOwners ? eachOf(file, "owners").flatMap((i) => withoutDigest(["owners", i, "to"])) : []),
  ];
}
