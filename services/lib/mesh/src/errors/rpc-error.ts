import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** `ErrorInfo.domain` of every error of this product. */
export const ERROR_DOMAIN = "bellwether";

/** A field of the request that violates its contract. */
export interface FieldViolation {
  /** Path of the field, for example "supplier.features[late_ratio]". */
  readonly field: string;
  readonly description: string;
}

/** Details for the client besides code and text. */
export interface RpcErrorDetails {
  /** Invalid fields, sent as google.rpc.BadRequest, at most 20. */
  readonly fieldViolations?: readonly FieldViolation[];
  /**
   * Earliest time for a retry, milliseconds from now, which is sent as google.rpc.RetryInfo. A time that is
   * not finite is left out.
   */
  readonly retryAfterMs?: number;
  /** Further facts about the error, which are sent as `ErrorInfo.metadata`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Cause of the error, which is only logged. */
  readonly cause?: unknown;
}

/**
 * Maximum length of the text. Longer texts are cut, because errors are sent in header fields, which peers
 * limit to 8 KiB.
 */
const MAX_MESSAGE_CHARACTERS = 1_024;
const MAX_VIOLATIONS = 20;
const MAX_DESCRIPTION_CHARACTERS = 160;

/**
 * Returns an error as the client sees it: code, text, google.rpc.ErrorInfo with a stable UPPER_SNAKE_CASE
 * reason, and details. A lone surrogate in a text becomes U+FFFD: both protocol engines would throw on it
 * inside a callback, which ends the process.
 */
export function rpcError(code: Code, reason: string, message: string, details: RpcErrorDetails = {}): ConnectError {
  const info = create(ErrorInfoSchema, { reason, domain: ERROR_DOMAIN, metadata: cleanRecord(details.metadata ?? {}) });
  const error = new ConnectError(
    clean(message, MAX_MESSAGE_CHARACTERS),
    code,
    undefined,
    [{ desc: ErrorInfoSchema, value: info }],
    details.cause,
  );
  if (details.fieldViolations?.length) {
    const most = details.fieldViolations.length === 1 ? MAX_MESSAGE_CHARACTERS : MAX_DESCRIPTION_CHARACTERS;
    const fieldViolations = details.fieldViolations.slice(0, MAX_VIOLATIONS).map(({ field, description }) => ({
      field: clean(field, MAX_DESCRIPTION_CHARACTERS),
      description: clean(description, most),
    }));
    error.details.push({ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) });
  }
  if (details.retryAfterMs !== undefined && Number.isFinite(details.retryAfterMs)) {
    error.details.push({ desc: RetryInfoSchema, value: { retryDelay: durationFromMs(details.retryAfterMs) } });
  }
  return error;
}

/**
 * Returns the INVALID_ARGUMENT error for a request that violates its contract. Its text is the first
 * violation; its details contain all of them.
 */
export function invalidRequest(violations: readonly FieldViolation[]): ConnectError {
  const [first] = violations;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  const message = first ? `${first.field || "request"}: ${first.description}${more}` : "request is not valid";
  return rpcError(Code.InvalidArgument, "INVALID_REQUEST", message, { fieldViolations: violations });
}

/** Returns the same error with its text and its field names replaced. */
export function reworded(error: ConnectError, reword: (text: string) => string): ConnectError {
  const other = new ConnectError(reword(error.rawMessage), error.code, error.metadata, undefined, error.cause);
  const [bad] = error.findDetails(BadRequestSchema);
  if (!bad) other.details = error.details;
  else {
    const fieldViolations = bad.fieldViolations.map(({ field, description }) => ({
      field: reword(field),
      description: reword(description),
    }));
    other.details = [...error.details.filter(isNotBadRequest), { desc: BadRequestSchema, value: { fieldViolations } }];
  }
  return other;
}

/** Details of an error that arrived over the network have a type name instead of a descriptor. */
const isNotBadRequest = (detail: ConnectError["details"][number]): boolean =>
  ("desc" in detail ? detail.desc.typeName : detail.type) !== BadRequestSchema.typeName;

/**
 * Returns text that every protocol engine can send: well-formed Unicode, at most `maxCharacters` UTF-16
 * units.
 */
export function clean(text: string, maxCharacters: number): string {
  const short = text.length > maxCharacters ? `${text.slice(0, maxCharacters - 1)}…` : text;
  return short.toWellFormed();
}

function cleanRecord(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([k, v]) => [k, clean(v, MAX_DESCRIPTION_CHARACTERS)]));
}

function durationFromMs(ms: number) {
  const whole = Math.max(0, Math.round(ms));
  return { seconds: BigInt(Math.floor(whole / 1000)), nanos: (whole % 1000) * 1_000_000 };
}
