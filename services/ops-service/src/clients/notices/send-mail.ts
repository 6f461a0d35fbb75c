import net from "node:net";
import { createTransport } from "nodemailer";
import type { DeliveryOutcome, Notice } from "../../domain/notices/notice.ts";
import { isLoopbackAddress } from "./address-kind.ts";
import { mailMessage } from "./mail-message.ts";
import {
  type ConnectionOptions,
  destroyQuietly,
  encryptConnection,
  openConnection,
  tlsAuthorities,
} from "./open-connection.ts";
import { smtpOutcome } from "./smtp-outcome.ts";
import { type TimeLimits, within } from "./time-limits.ts";

/** The mail server that takes the mails. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** "implicit": TLS from the first byte (port 465). "starttls": TLS before anything else is sent (port 587). */
  readonly tls: "implicit" | "starttls";
  /** Undefined: the server needs no authentication. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Address of the sender. Mail servers send what they could not deliver to it. */
  readonly from: string;
  /**
   * Whether mails and password may be sent in clear text to a server without TLS. "this_machine": to a loopback
   * address only.
   */
  readonly clearText: "never" | "this_machine" | "allowed";
  readonly allowPrivateNetworks: boolean;
}

/** Allows a mail server in a private network: it is one server for all destinations with the channel mail. */
export const ALLOW_PRIVATE = "BELLWETHER_SMTP_ALLOW_PRIVATE=true";

/** Maximum number of bytes in each answer of the mail server. */
const MAX_RESPONSE_BYTES = 64 * 1024;

/**
 * Sends a notice as a mail over a connection of its own. The Message-ID is made from the id of the notice, so a
 * repetition has the same one, and mail programs show it once.
 * @param to a mail address
 * @throws AddressRejectedError, TimeLimitError, errors of the network and of TLS
 */
export async function sendMail(
  server: MailServer,
  notice: Notice,
  to: string,
  signal: AbortSignal,
  { connectTimeoutMs, answerTimeoutMs, ...options }: TimeLimits & ConnectionOptions,
): Promise<DeliveryOutcome> {
  const { host, port, allowPrivateNetworks: allowPrivate } = server;
  const isEncrypted = server.tls === "implicit";
  const [raw, socket] = await within(connectTimeoutMs, "connection", signal, async (connecting) => {
    const opened = await openConnection({ host, port, allowPrivate, setting: ALLOW_PRIVATE }, connecting, options);
    return [opened, isEncrypted ? await encryptConnection(opened, server, connecting, options) : opened] as const;
  });
  try {
    return await within(answerTimeoutMs, "answer", signal, (answering) =>
      deliver(server, { notice, to, raw, socket }, answering, options),
    );
  } finally {
    destroyQuietly(socket);
    destroyQuietly(raw);
  }
}

interface Delivery {
  readonly notice: Notice;
  readonly to: string;
  /** The TCP connection, and the connection on which SMTP is spoken. */
  readonly raw: net.Socket;
  readonly socket: net.Socket;
}

async function deliver(
  server: MailServer,
  { notice, to, raw, socket }: Delivery,
  signal: AbortSignal,
  options: ConnectionOptions,
): Promise<DeliveryOutcome> {
  const isEncrypted = server.tls === "implicit";
  const isOnThisMachine = server.clearText === "this_machine" && isLoopbackAddress(raw.remoteAddress ?? "");
  // Where clear text is allowed, TLS with any certificate is not less safe than that.
  const needsTls = !isEncrypted && server.clearText !== "allowed" && !isOnThisMachine;
  socket.on("error", () => {});
  const stop = (): void => void raw.destroy();
  signal.addEventListener("abort", stop, { once: true });
  const transport = createTransport({
    ...{ host: server.host, port: server.port, secure: isEncrypted },
    getSocket: (_options, callback) => callback(null, { connection: socket, secured: isEncrypted }),
    ...(server.login && { auth: { user: server.login.user, pass: server.login.password }, forceAuth: true }),
    ...{ requireTLS: needsTls, opportunisticTLS: !needsTls },
    tls: {
      ...{ rejectUnauthorized: needsTls || isEncrypted, ...tlsAuthorities(options) },
      ...(net.isIP(server.host) === 0 && { servername: server.host }),
    },
    ...{ disableFileAccess: true, disableUrlAccess: true, maxResponseSize: MAX_RESPONSE_BYTES },
  });
  try {
    await transport.sendMail({
      ...mailMessage(notice),
      from: { name: "Bellwether", address: server.from },
      to: { name: "", address: to },
      envelope: { from: server.from, to: [to] },
      date: notice.createdAt,
      messageId: `<${notice.noticeId}@${server.from.slice(server.from.lastIndexOf("@") + 1)}>`,
      // Vacation replies and other automatic answers are not sent to such a mail (RFC 3834; Exchange).
      headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
    });
    return { kind: "delivered", detail: `${server.host} took the mail` };
  } catch (error) {
    signal.throwIfAborted();
    return smtpOutcome(server.host, error);
  } finally {
    signal.removeEventListener("abort", stop);
    transport.close();
  }
}
