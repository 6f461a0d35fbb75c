import { stat } from "node:fs/promises";
import { type DestinationSpec, loadNoticeRoutes, type NoticeRoutes } from "@bellwether/config/notice-routes";
import { addressProblem } from "@bellwether/config/notice-routes-checks";
import { EnvError, type EnvOf, type EnvSource, type EnvViolation, env } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { type NoNoticesReason, noNoticesReason, noNoticesText } from "../domain/notices/destination-rules.ts";
import type { Destination } from "../domain/notices/notice.ts";

const MAIL_FROM = { pattern: /^[^\s@<>(),;:"\\[\]]{1,64}@[A-Za-z0-9.-]{1,253}$/, expected: "a mail address" };

/** The variables of notices. */
export const NOTICE_ENV = {
  noticeRoutes: env.optional(env.path("BELLWETHER_NOTICE_ROUTES")),
  noticeDelivery: env.flag("BELLWETHER_NOTICE_DELIVERY", true),
  smtpUrl: env.optional(env.secretUrl("BELLWETHER_SMTP_URL", ["smtps", "smtp"])),
  smtpFrom: env.optional(env.text("BELLWETHER_SMTP_FROM", MAIL_FROM)),
  smtpAllowCleartext: env.flag("BELLWETHER_SMTP_ALLOW_CLEARTEXT", false),
  smtpAllowPrivate: env.flag("BELLWETHER_SMTP_ALLOW_PRIVATE", false),
  redisUrl: sharedEnv.redisUrl,
};

type NoticeEnv = EnvOf<typeof NOTICE_ENV>;

/** The mail server of notices. */
export interface MailServerSettings {
  readonly host: string;
  readonly port: number;
  /** "implicit": TLS from the first byte. "starttls": TLS before anything else is sent. */
  readonly tls: "implicit" | "starttls";
  readonly login?: { readonly user: string; readonly password: string };
  readonly from: string;
  /** Where mails and password may be sent in clear text. */
  readonly clearText: "this_machine" | "allowed";
  readonly allowPrivateNetworks: boolean;
}

/** Why no notice of an alert is sent, whatever happens, and the same in a sentence with the way out. */
export interface NoNotices {
  readonly reason: NoNoticesReason;
  readonly text: string;
}

/** What the routes file and the environment say about notices. */
export interface ReadNotices {
  /** Undefined: there are no destinations. */
  readonly settings?: NoticeSettings;
  /** Undefined: notices are sent. */
  readonly none?: NoNotices;
}

/** How notices are sent. */
export interface NoticeSettings {
  readonly routes: NoticeRoutes;
  readonly destinations: readonly Destination[];
  readonly mailServer?: MailServerSettings;
  /** Whether this process delivers notices. All replicas record them. */
  readonly isDelivering: boolean;
}

const DEFAULT_ROUTES = "config/notice_routes.yaml";
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "smtps:": 465, "smtp:": 587 };

/**
 * Reads the routes file and the variables that it names.
 * @param source the variables of the process
 * @throws ConfigError with every violation of the file, EnvError with every missing or malformed variable
 */
export async function readNotices(read: NoticeEnv, source: EnvSource): Promise<ReadNotices> {
  const path = read.noticeRoutes ?? DEFAULT_ROUTES;
  // A file that somebody names must exist; the default one need not.
  if (read.noticeRoutes === null && !(await exists(path))) return { none: noNotices("no_routes_file", path) };
  const routes = await loadNoticeRoutes(path);
  const reason = noNoticesReason(routes);
  const none = reason && { none: noNotices(reason, path) };
  if (routes.destinations.length === 0) return { ...none };
  const violations: EnvViolation[] = [];
  const destinations = routes.destinations.map((spec) => resolve(spec, source, violations));
  const needsMail = routes.destinations.some(({ channel }) => channel === "mail");
  const mailServer = needsMail ? mailServerFrom(read, violations) : undefined;
  if (violations.length > 0) throw new EnvError(violations);
  const settings = { routes, destinations, isDelivering: read.noticeDelivery, ...(mailServer && { mailServer }) };
  return { settings, ...none };
}

const noNotices = (reason: NoNoticesReason, path: string): NoNotices => ({
  reason,
  text: noNoticesText(reason, path),
});

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => !(error instanceof Error && "code" in error && error.code === "ENOENT"),
  );
}

/** One secret, or two while they are replaced, by the Standard Webhooks convention: 24 to 64 bytes in base64. */
const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}([, ]whsec_[A-Za-z0-9+/]{32,86}={0,2})?$/;

function resolve(spec: DestinationSpec, source: EnvSource, violations: EnvViolation[]): Destination {
  const { name, channel, addressFrom, secretFrom, allowPrivateNetworks } = spec;
  const read = (variable: string | null): string | null =>
    variable === null ? null : source[variable]?.trim() || null;
  const report = (variable: string, value: string | null, expected: string): void => {
    violations.push({ name: variable, found: value === null ? "nothing" : "[redacted]", expected });
  };
  const address = spec.address ?? read(addressFrom) ?? "";
  if (addressFrom !== null) {
    const problem = addressProblem(channel, address, allowPrivateNetworks);
    if (problem) report(addressFrom, address || null, `${problem}: the address of the destination ${name}`);
  }
  const secret = read(secretFrom);
  if (secretFrom !== null && !(secret !== null && WEBHOOK_SECRET.test(secret)))
    report(secretFrom, secret, `whsec_ and 24 to 64 bytes in base64: the secret of the destination ${name}`);
  return { name, channel, address, secret, allowPrivateNetworks };
}

function mailServerFrom(read: NoticeEnv, violations: EnvViolation[]): MailServerSettings | undefined {
  const { smtpUrl, smtpFrom: from } = read;
  if (smtpUrl === null)
    violations.push({
      ...{ name: "BELLWETHER_SMTP_URL", found: "nothing" },
      expected: "the URL of a mail server, because the routes file has destinations with the channel mail",
    });
  if (from === null)
    violations.push({ name: "BELLWETHER_SMTP_FROM", found: "nothing", expected: "the mail address of the sender" });
  if (smtpUrl === null || from === null) return undefined;
  const url = new URL(smtpUrl.reveal());
  const { protocol, hostname, port, username, password } = url;
  const login = username === "" ? undefined : loginOf(username, password);
  if (login === null) {
    const expected = "a user and a password with %25 for each percent sign that is not part of an escape";
    violations.push({ name: "BELLWETHER_SMTP_URL", found: "[redacted]", expected });
    return undefined;
  }
  return {
    ...{
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (DEFAULT_PORTS[protocol] ?? 587) : Number(port),
      from,
    },
    tls: protocol === "smtps:" ? "implicit" : "starttls",
    ...(login && { login }),
    clearText: read.smtpAllowCleartext ? "allowed" : "this_machine",
    allowPrivateNetworks: read.smtpAllowPrivate,
  };
}

/** Returns user and password without escapes; null: an escape is broken. */
function loginOf(user: string, password: string): MailServerSettings["login"] | null {
  try {
    return { user: decodeURIComponent(user), password: decodeURIComponent(password) };
  } catch {
    return null;
  }
}
