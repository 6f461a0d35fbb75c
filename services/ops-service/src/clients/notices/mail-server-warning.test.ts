import { expect, test } from "vitest";
import { mailServerWarning } from "./mail-server-warning.ts";

const resolved =
  (...addresses: readonly string[]) =>
  async () =>
    addresses.map((address) => ({ address }));
const server = { host: "mail.example.org", allowPrivateNetworks: false };

test("a mail server in a private network that is not allowed is named with the variable", async () => {
  const warning =
    "no mail can be sent: the mail server mail.example.org of BELLWETHER_SMTP_URL is in a private network; set BELLWETHER_SMTP_ALLOW_PRIVATE=true";
  expect(await mailServerWarning(server, resolved("10.0.0.1", "fd00::1"))).toBe(warning);
  expect(await mailServerWarning({ ...server, host: "127.0.0.1" })).toContain("the mail server 127.0.0.1 of");
});

test("nothing is warned of where mails can be sent, or where the name is not known yet", async () => {
  expect(await mailServerWarning({ ...server, allowPrivateNetworks: true }, resolved("10.0.0.1"))).toBeUndefined();
  expect(await mailServerWarning(server, resolved("10.0.0.1", "192.0.43.8"))).toBeUndefined();
  expect(await mailServerWarning(server, async () => Promise.reject(new Error("ENOTFOUND")))).toBeUndefined();
});
