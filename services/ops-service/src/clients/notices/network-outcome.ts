import type { DeliveryOutcome } from "../../domain/notices/notice.ts";
import { AddressRejectedError } from "./open-connection.ts";
import { TimeLimitError } from "./time-limits.ts";

/** What happened, by the code of the system. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "it closed the connection without an answer",
  EPIPE: "it closed the connection without an answer",
  ENOTFOUND: "no address has this name",
  EAI_AGAIN: "its name cannot be resolved at the moment",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
  ETIMEDOUT: "it does not answer",
};
/** Codes of a certificate that is not valid. */
const CERTIFICATE = /CERT|ISSUER|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME|CRL/;

/**
 * Returns the outcome of an attempt that ended without an answer. Only codes of errors are shown: their texts can
 * contain what a receiver sent.
 * @param host shown in the texts
 * @throws the error, when it is one of the program
 */
export function networkOutcome(host: string, error: unknown, signal: AbortSignal): DeliveryOutcome {
  if (signal.aborted) return { kind: "retry", reason: `the attempt was stopped before ${host} answered` };
  if (error instanceof AddressRejectedError) return { kind: "rejected", reason: error.message };
  if (error instanceof TimeLimitError) return { kind: "retry", reason: `${host}: ${error.message}` };
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === "") throw error;
  return { kind: "retry", reason: `${host}: ${connectionReason(code)}` };
}

/** Returns what happened to a connection, by the code of an error of Node.js. */
export function connectionReason(code: string): string {
  const known = REASONS[code];
  if (known !== undefined) return known;
  if (CERTIFICATE.test(code)) return `its certificate is not valid (${code})`;
  if (code.startsWith("HPE_")) return `its answer is not HTTP (${code})`;
  return `the connection failed (${code})`;
}
