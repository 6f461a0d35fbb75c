import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { loadNoticeRoutes, parseNoticeRoutes } from "./notice-routes.ts";
import { parseYaml } from "./yaml-file.ts";

const parse = (text: string) => parseNoticeRoutes(parseYaml(text, "routes.yaml", { version: 1 }));

function violationsOf(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.violations.map((v) => `${v.line} ${v.path}: ${v.found} | ${v.expected}`);
    throw error;
  }
  return [];
}

test("the product's own file has no destinations, and so has a file with comments only", async () => {
  const file = new URL("../../../../config/notice_routes.yaml", import.meta.url).pathname;
  expect(await loadNoticeRoutes(file)).toEqual({
    ...{
      destinations: [],
      routes: [],
      owners: new Map(),
      assignments: "at_once",
      watchlists: "at_once",
      escalation: null,
      retentionDays: 90,
    },
  });
  expect(parse("# nothing yet\n")).toEqual(await loadNoticeRoutes(file));
});

test("the example in the product's own file is valid", async () => {
  const file = new URL("../../../../config/notice_routes.yaml", import.meta.url).pathname;
  const text = (await readFile(file, "utf8"))
    .replace(/^(destinations|owners|routes): \[\]$/gm, "$1:")
    .replace(/^#(?= {2}|escalation)/gm, "");
  const { destinations, routes, owners, escalation } = parse(text);
  expect(destinations.map(({ name }) => name)).toEqual(["risk-room", "erp", "jane"]);
  expect(destinations[2]).toMatchObject({
    ...{
      channel: "mail",
      timeZone: "Europe/Berlin",
      digest: { on: null, at: 450 },
      quietHours: { from: 1140, to: 420 },
    },
  });
  expect(routes[0]).toMatchObject({ to: ["risk-room"], toOwner: true, deliver: "at_once", severities: ["critical"] });
  expect(owners.get("jane.doe")).toEqual(["jane"]);
  expect(escalation).toEqual({ afterMs: 48 * 3_600_000, severities: ["critical"], to: ["risk-room"], toOwner: false });
});

test("the example in the documentation is valid", async () => {
  const page = await readFile(new URL("../../../../docs/notices.md", import.meta.url), "utf8");
  const [, example = ""] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  expect(parse(example)).toMatchObject({ destinations: { length: 3 }, routes: { length: 3 }, assignments: "at_once" });
});

test("every violation is reported at once, with its line", () => {
  const found = violationsOf(`version: 1
time_zone: Mars/Olympus
destinations:
  - { name: owner, channel: webhook, address: "http://erp.example.org/" }
  - { name: room, channel: slack, address: "https://hooks.slack.com/services/T/B/x" }
  - { name: room, channel: sms, address_from: ROOM, address: x }
  - { name: jane, channel: mail, address: jane, secret_from: NOTICE_X, quiet_hours: { from: "19:00", to: "19:00" } }
  - { name: nowhere, channel: webhook }
owners: [{ owner: jane, to: [jnae, owner] }]
routes:
  - { name: a, to: [romo], deliver: digest, severity: [critical] }
  - { name: b, to: [jane], deliver: digest }
  - { name: c, to: [] }
escalation: { after_hours: 0 }
retention_days: 0
`);
  const all = found.join("\n");
  expect(all).toContain('2 time_zone: "Mars/Olympus" | a time zone such as Europe/Berlin');
  expect(all).toContain('4 destinations[0].name: "owner" | another name');
  expect(all).toContain("4 destinations[0].address: [not shown] | a URL that starts with https:");
  expect(all).toContain("5 destinations[1].address: ");
  expect(all).not.toContain("hooks.slack.com");
  expect(all).toContain('6 destinations[2].name: "room" | each of them once');
  expect(all).toContain('6 destinations[2].channel: "sms" | one of webhook, slack, teams, mail');
  expect(all).toContain("6 destinations[2].address_from: ");
  expect(all).toContain("7 destinations[3].address: [not shown] | a mail address");
  expect(all).toContain("7 destinations[3].secret_from: ");
  expect(all).toContain("7 destinations[3].quiet_hours: ");
  expect(all).toContain("8 destinations[4]: nothing | either address or address_from");
  expect(all).toContain('9 owners[0].to[0]: "jnae" | the destination "jane"');
  expect(all).toContain('9 owners[0].to[1]: "owner"');
  expect(all).toContain('11 routes[0].to[0]: "romo" | the destination "room"');
  expect(all).toContain("11 routes[0]: the unknown key");
  expect(all).toContain('12 routes[1].to[0]: "jane" | a destination with a digest');
  expect(all).toContain("13 routes[2].to: [] | at least one destination");
  expect(all).toContain("14 escalation.after_hours: 0 | a number of hours");
  expect(all).toContain("14 escalation.to: nothing");
  expect(all).toContain("15 retention_days: 0 | an integer from 1 to 3650");
});

test.each([
  ["destinations", 32, (i: number) => `  - { name: d${i}, channel: webhook, address: "https://e.org/" }`],
  ["routes", 100, (i: number) => `  - { name: r${i}, to: [owner] }`],
])("%s has at most %d entries", (list, max, entry) => {
  const text = (count: number) =>
    `version: 1\n${list}:\n${Array.from({ length: count }, (_, i) => entry(i)).join("\n")}\n`;
  expect(violationsOf(text(max))).toEqual([]);
  expect(violationsOf(text(max + 1)).join()).toContain(`at most ${max}`);
});

test("a private address may have http:", () => {
  const text = (allow: boolean) =>
    `version: 1\ndestinations: [{ name: a, channel: webhook, address: "http://10.0.0.1/", allow_private_networks: ${allow} }]\n`;
  expect(violationsOf(text(true))).toEqual([]);
  expect(violationsOf(text(false)).join()).toContain("http: needs allow_private_networks");
});

test("allow_private_networks of a mail destination names the variable of the mail server", () => {
  const text = (allow: boolean) =>
    `version: 1\ndestinations: [{ name: a, channel: mail, address: a@example.org, allow_private_networks: ${allow} }]\n`;
  expect(violationsOf(text(true)).join()).toContain("BELLWETHER_SMTP_ALLOW_PRIVATE=true allows a mail server");
  expect(violationsOf(text(false))).toEqual([]);
});

test.each([
  "channel: webhok, address: a, secret_from: NOTICE_A",
  'channel: webhok, address: "http://10.0.0.1/", allow_private_networks: true, secret_from: NOTICE_A',
  "channel: maill, address: jane@example.org, allow_private_networks: true",
  'channel: slak, address: "https://user:SECRET@example.org/", secret_from: NOTICE_A',
  "address_from: NOTICE_A, secret_from: NOTICE_B",
])("without a known channel, the channel is the only violation: %s", (keys) => {
  const found = violationsOf(`version: 1\ndestinations: [{ name: a, ${keys} }]\n`);
  expect(found).toEqual([
    expect.stringMatching(/destinations\[0\]\.channel: .* \| one of webhook, slack, teams, mail$/),
  ]);
});

test("keys that do not depend on the channel are checked without a known channel, too", () => {
  const found = violationsOf(
    'version: 1\ndestinations: [{ name: owner, channel: webhok, quiet_hours: { from: "19:00", to: "19:00" } }]\n',
  );
  for (const key of [".name: ", ".channel: ", ".quiet_hours: ", ": nothing | either address"])
    expect(found.join("\n")).toContain(`destinations[0]${key}`);
});

const URL_WITH_SECRETS = "https://user:PWSECRET@example.org/TOKENSECRET?key=KEYSECRET";

test.each([
  ["with user and password", `{ name: a, channel: webhook, address: "${URL_WITH_SECRETS}" }`],
  ["with http:", `{ name: a, channel: webhook, address: "${URL_WITH_SECRETS.replace("https", "http")}" }`],
  ["that is too long", `{ name: a, channel: webhook, address: "${URL_WITH_SECRETS}${"x".repeat(2_048)}" }`],
  ["in a list", `{ name: a, channel: webhook, address: ["${URL_WITH_SECRETS}"] }`],
  ["of a mail", `{ name: a, channel: mail, address: "${URL_WITH_SECRETS}" }`],
  ["of Slack", `{ name: a, channel: slack, address: "${URL_WITH_SECRETS}" }`],
  ["beside address_from", `{ name: a, channel: webhook, address: "${URL_WITH_SECRETS}", address_from: NOTICE_A }`],
  ["in the place of a variable", `{ name: a, channel: webhook, address_from: "${URL_WITH_SECRETS}" }`],
  ["in the place of the variable of a secret", `{ name: a, channel: mail, secret_from: "${URL_WITH_SECRETS}" }`],
  ["in the place of a destination", `"${URL_WITH_SECRETS}"`],
])("a rejected address %s is not shown", (_, destination) => {
  const text = violationsOf(`version: 1\ndestinations:\n  - ${destination}\n`).join("\n");
  expect(text).toContain("destinations[0]");
  expect(text).toContain("[not shown]");
  expect(text).not.toMatch(/SECRET|user:/);
});

test("destinations that are one address are not shown", () => {
  const text = violationsOf(`version: 1\ndestinations: "${URL_WITH_SECRETS}"\n`).join("\n");
  expect(text).toContain("2 destinations: [not shown] | a list");
  expect(text).not.toMatch(/SECRET|user:/);
});
