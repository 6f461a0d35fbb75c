import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { EnvError, readEnv } from "@bellwether/env/env";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NOTICE_ENV, readNotices } from "./notice-env.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-notice-env-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ROUTES = `version: 1
destinations:
  - { name: room, channel: slack, address_from: NOTICE_ROOM }
  - { name: erp, channel: webhook, address: "https://erp.example.org/", secret_from: NOTICE_SECRET }
  - { name: jane, channel: mail, address: jane@example.org }
`;
const SECRET = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;
const GOOD = {
  NOTICE_ROOM: "https://hooks.example.org/T/B/x",
  NOTICE_SECRET: SECRET,
  BELLWETHER_SMTP_URL: "smtps://bell:p%40ss@mail.example.org",
  BELLWETHER_SMTP_FROM: "bellwether@example.org",
};

async function read(text: string | null, env: Readonly<Record<string, string>>) {
  const file = path.join(folder, "routes.yaml");
  if (text !== null) await writeFile(file, text);
  const source = { ...(text !== null && { BELLWETHER_NOTICE_ROUTES: file }), ...env };
  const { settings: notices, none } = await readNotices(readEnv(source, NOTICE_ENV), source);
  return { notices, none };
}

test("addresses, secrets and the mail server come from the environment", async () => {
  const { notices, none } = await read(`${ROUTES}routes: [{ name: all, to: [erp] }]\n`, GOOD);
  expect(none).toBeUndefined();
  expect(notices?.destinations).toEqual([
    { name: "room", channel: "slack", address: GOOD.NOTICE_ROOM, secret: null, allowPrivateNetworks: false },
    {
      name: "erp",
      channel: "webhook",
      address: "https://erp.example.org/",
      secret: SECRET,
      allowPrivateNetworks: false,
    },
    { name: "jane", channel: "mail", address: "jane@example.org", secret: null, allowPrivateNetworks: false },
  ]);
  expect(notices?.mailServer).toEqual({
    ...{ host: "mail.example.org", port: 465, tls: "implicit", from: "bellwether@example.org" },
    ...{ login: { user: "bell", password: "p@ss" }, clearText: "this_machine", allowPrivateNetworks: false },
  });
  const starttls = await read(ROUTES, { ...GOOD, BELLWETHER_SMTP_URL: "smtp://[::1]:2525" });
  expect(starttls.notices?.mailServer).toMatchObject({ host: "::1", port: 2525, tls: "starttls" });
  expect(starttls.notices?.mailServer?.login).toBeUndefined();
});

test("all missing and malformed variables are reported at once, without the values of secrets", async () => {
  const wrong = read(ROUTES, { NOTICE_ROOM: "http://10.0.0.1/secret-path", NOTICE_SECRET: "whsec_tooshort" });
  const error = await wrong.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(EnvError);
  const text = String(error);
  expect(text).toContain("NOTICE_ROOM: found [redacted], expected a URL that starts with https:");
  expect(text).toContain("NOTICE_SECRET: found [redacted], expected whsec_");
  expect(text).toContain("BELLWETHER_SMTP_URL: found nothing");
  expect(text).toContain("BELLWETHER_SMTP_FROM: found nothing");
  expect(text).not.toMatch(/secret-path|tooshort/);
});

test("a broken escape in the password of the mail server is named without the password", async () => {
  const url = "smtps://bell:s3cret%zz@mail.example.org";
  await expect(read(ROUTES, { ...GOOD, BELLWETHER_SMTP_URL: url })).rejects.toThrow(
    /BELLWETHER_SMTP_URL: found \[redacted\], expected a user and a password with %25 for each percent sign/,
  );
});

test("why no notice is sent is known, with the way out; a file that is named must exist", async () => {
  const empty = await read("# nothing yet\n", {});
  expect(empty).toMatchObject({ notices: undefined, none: { reason: "no_destinations" } });
  expect(empty.none?.text).toMatch(
    /^no notice of an alert will ever be sent: .*routes\.yaml has no destinations; add /,
  );
  const unused = await read(ROUTES, GOOD);
  expect([unused.notices?.destinations.length, unused.none?.reason]).toEqual([3, "no_routes"]);
  const owned = await read(`${ROUTES}owners: [{ owner: jane, to: [jane] }]\n`, GOOD);
  expect(owned.none).toBeUndefined();
  const unassigned = await read(
    `${ROUTES}owners: [{ owner: jane, to: [jane] }]\nassignments: "off"\nwatchlists: "off"\n`,
    GOOD,
  );
  expect(unassigned.none?.reason).toBe("no_routes");
  await expect(read(null, { BELLWETHER_NOTICE_ROUTES: path.join(folder, "absent.yaml") })).rejects.toThrow(
    "no file at this path",
  );
});
