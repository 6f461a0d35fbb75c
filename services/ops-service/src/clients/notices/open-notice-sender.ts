import type { DeliveryOutcome, Destination, Notice, NoticeSender, SendNotice } from "../../domain/notices/notice.ts";
import { httpOutcome } from "./http-outcome.ts";
import { networkOutcome } from "./network-outcome.ts";
import type { ConnectionOptions } from "./open-connection.ts";
import { postJson } from "./post-json.ts";
import { type MailServer, sendMail } from "./send-mail.ts";
import { slackMessage } from "./slack-message.ts";
import { teamsMessage } from "./teams-message.ts";
import type { TimeLimits } from "./time-limits.ts";
import { WebhookSecretError, webhookMessage } from "./webhook-message.ts";

/** How notices are sent. */
export interface NoticeSenderOptions extends ConnectionOptions {
  /** Undefined: mails cannot be sent. */
  readonly mailServer?: MailServer;
  /** Default: 5 s for the connection, 10 s for the answer. */
  readonly limits?: TimeLimits;
  /** Returns the current time. Default: the system's clock. */
  readonly now?: () => Date;
}

const LIMITS: TimeLimits = { connectTimeoutMs: 5_000, answerTimeoutMs: 10_000 };
/** Maximum length of the text of an outcome. */
const MAX_TEXT = 300;
const USER_AGENT = "Bellwether";
/** One mailbox, without quotes, comments and separators, with which a text could be several addresses or another one. */
const MAIL_ADDRESS = /^[^\s\p{C}@<>(),;:"\\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/u;

/**
 * Opens the senders of all channels: webhooks by the Standard Webhooks convention, Slack, Microsoft Teams, mail. Each
 * attempt has a connection of its own, which is closed at its end. `close` stops the attempts in progress; the outcome
 * of each is "retry".
 *
 * ```ts
 * const sender = openNoticeSender({ mailServer });
 * const outcome = await sender.send(notice, destination, signal);
 * await sender.close();
 * ```
 */
export function openNoticeSender(options: NoticeSenderOptions = {}): NoticeSender {
  const { mailServer, limits = LIMITS, now = () => new Date(), ...connecting } = options;
  const settings = { ...limits, ...connecting };
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();

  const post = async (
    destination: Destination,
    message: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<DeliveryOutcome> => {
    const url = new URL(destination.address);
    const answer = await postJson(
      {
        ...{ url, body: message.body, allowPrivate: destination.allowPrivateNetworks },
        headers: { ...message.headers, "user-agent": USER_AGENT },
      },
      signal,
      settings,
    );
    return httpOutcome(url.host, answer, now());
  };

  const attempt = async (notice: Notice, destination: Destination, signal: AbortSignal): Promise<DeliveryOutcome> => {
    const { channel, address, secret } = destination;
    if (channel === "mail") {
      if (!mailServer) return { kind: "retry", reason: "this service has no mail server" };
      if (!MAIL_ADDRESS.test(address)) return { kind: "rejected", reason: "the address is not a mail address" };
      return sendMail(mailServer, notice, address, signal, settings);
    }
    const isUrl = URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
    if (!isUrl) return { kind: "rejected", reason: "the address is not a URL that starts with https:" };
    switch (channel) {
      case "webhook":
        return post(destination, webhookMessage(notice, secret, now()), signal);
      case "slack":
        return post(destination, { headers: {}, body: JSON.stringify(slackMessage(notice)) }, signal);
      case "teams":
        return post(destination, { headers: {}, body: JSON.stringify(teamsMessage(notice)) }, signal);
    }
  };

  const send: SendNotice = async (notice, destination, signal) => {
    const stopping = AbortSignal.any([signal, closing.signal]);
    try {
      return shortened(await attempt(notice, destination, stopping));
    } catch (error) {
      if (error instanceof WebhookSecretError) return { kind: "rejected", reason: error.message };
      return shortened(networkOutcome(hostOf(destination, mailServer), error, stopping));
    }
  };

  return {
    send(notice, destination, signal) {
      const sending = send(notice, destination, signal);
      running.add(sending);
      const end = (): void => void running.delete(sending);
      sending.then(end, end);
      return sending;
    },
    async close() {
      closing.abort();
      await Promise.allSettled(running);
    },
  };
}

/** Returns what texts show of an address: never its path, which is a secret of Slack and Teams. */
function hostOf({ channel, address }: Destination, mailServer: MailServer | undefined): string {
  if (channel === "mail") return mailServer?.host ?? "";
  return URL.canParse(address) ? new URL(address).host : "";
}

function shortened(outcome: DeliveryOutcome): DeliveryOutcome {
  return outcome.kind === "delivered"
    ? { ...outcome, detail: outcome.detail.slice(0, MAX_TEXT) }
    : { ...outcome, reason: outcome.reason.slice(0, MAX_TEXT) };
}
