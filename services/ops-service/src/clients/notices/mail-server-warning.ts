import { lookup as systemLookup } from "node:dns/promises";
import { addressKind } from "./address-kind.ts";
import { ALLOW_PRIVATE, type MailServer } from "./send-mail.ts";

/** Returns the addresses of a name, or the address itself. */
type Lookup = (host: string) => Promise<readonly { readonly address: string }[]>;

/**
 * Returns why no mail can be sent, when all addresses of the mail server are private and these are not allowed. Undefined: mails
 * can be sent, or the name cannot be resolved now, which says nothing about later.
 */
export async function mailServerWarning(
  { host, allowPrivateNetworks }: Pick<MailServer, "host" | "allowPrivateNetworks">,
  lookup: Lookup = (name) => systemLookup(name, { all: true }),
): Promise<string | undefined> {
  if (allowPrivateNetworks) return;
  const addresses = await lookup(host).catch(() => []);
  if (addresses.length === 0 || !addresses.every(({ address }) => addressKind(address) === "private")) return;
  return `no mail can be sent: the mail server ${host} of BELLWETHER_SMTP_URL is in a private network; set ${ALLOW_PRIVATE}`;
}
