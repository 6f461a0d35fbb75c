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
  const said: string[] = [];
  return { notices: await readNotices(readEnv(source, NOTICE_ENV), source, (line) => said.push(line)), said };
}

test("addresses, secrets and the mail server come from the environment", async () => {
  const { notices, said } = await read(ROUTES, GOOD);
  expect(said).toEqual([]);
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

test("without destinations no notices are sent, and the reason is said; a file that is named must exist", async () => {
  const { notices, said } = await read("# nothing yet\n", {});
  expect(notices).toBeUndefined();
  expect(said.join()).toMatch(/no notices are sent: .*routes\.yaml has no destinations/);
  await expect(read(null, { BELLWETHER_NOTICE_ROUTES: path.join(folder, "absent.yaml") })).rejects.toThrow(
    "no file at this path",
  );
});
