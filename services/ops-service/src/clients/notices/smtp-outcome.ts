import type { DeliveryOutcome } from "../../domain/notices/notice.ts";
import { connectionReason } from "./network-outcome.ts";

/** Commands whose answer is about this mail. Before them, an error is about the connection of this service. */
const ABOUT_MAIL: ReadonlySet<string> = new Set(["MAIL FROM", "RCPT TO", "DATA"]);
/**
 * The server rejects the authentication of this service (RFC 4954). The mail can be sent after the authentication is
 * corrected.
 */
const ABOUT_LOGIN: ReadonlySet<number> = new Set([530, 534, 535, 538]);
/** The mailbox does not exist, or no longer exists (RFC 3463): bad mailbox address, moved, no mail system, disabled. */
const NO_MAILBOX: ReadonlySet<string> = new Set(["5.1.1", "5.1.6", "5.1.10", "5.2.1"]);
const ENHANCED_CODE = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})(?:\s|$)/;

/** What happened, by the code of nodemailer. */
const REASONS: Readonly<Record<string, string>> = {
  EAUTH: "it did not accept the user and password of this service",
  ETLS: "TLS could not be started (STARTTLS): use a server with TLS and a valid certificate",
  ECONNECTION: "it closed the connection",
  ESOCKET: "it closed the connection",
  ETIMEDOUT: "it does not answer",
  EPROTOCOL: "its answer is not SMTP, or is too long",
};

/**
 * Returns the outcome that an error of nodemailer means. 4xx: a later attempt can succeed. 5xx about the mail: rejected,
 * or gone when the mailbox does not exist. Only codes are shown: texts can contain what a server sent.
 * @throws the error, when it is one of the program
 */
export function smtpOutcome(host: string, error: unknown): DeliveryOutcome {
  if (!(error instanceof Error) || !("code" in error)) throw error;
  const code = String(error.code);
  const status = "responseCode" in error && typeof error.responseCode === "number" ? error.responseCode : 0;
  const command = "command" in error ? String(error.command) : "";
  const response = "response" in error ? String(error.response) : "";
  const enhanced = ENHANCED_CODE.exec(response)?.[1];
  if (status >= 400 && status < 600) {
    const about = ABOUT_MAIL.has(command);
    const reason = `${host} answered ${status}${enhanced ? ` ${enhanced}` : ""}${about ? ` to ${command}` : ""}`;
    if (status < 500 || !about || ABOUT_LOGIN.has(status))
      return { kind: "retry", reason: `${reason}${detailOf(code)}` };
    if (command === "RCPT TO" && enhanced !== undefined && NO_MAILBOX.has(enhanced)) return { kind: "gone", reason };
    return { kind: "rejected", reason };
  }
  // nodemailer replaces the code of Node.js by its own one.
  const original = "originalCode" in error ? String(error.originalCode) : undefined;
  const reason = original === undefined ? (REASONS[code] ?? connectionReason(code)) : connectionReason(original);
  return { kind: "retry", reason: `${host}: ${reason}` };
}

function detailOf(code: string): string {
  const known = code === "EAUTH" || code === "ETLS" ? REASONS[code] : undefined;
  return known === undefined ? "" : `: ${known}`;
}
