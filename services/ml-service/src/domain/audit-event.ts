import { hash } from "node:crypto";
import { canonicalJson } from "@bellwether/contract/canonical-json";

/**
 * The audit event of one call. It contains digests of the input, and the feature values where they are kept so that the
 * score can be computed again. It never contains a contract text.
 */
export interface AuditEvent {
  /** A UUID. A store that receives the same id twice keeps one event. */
  readonly eventId: string;
  readonly kind:
    | "prediction.served"
    | "batch.served"
    | "explanation.served"
    | "counterfactual.served"
    | "call.made"
    | "call.refused"
    | "calls.made"
    | "calls.refused"
    | "events.dropped";
  /** Who called, 1 to 256 bytes. */
  readonly actor: string;
  /** Id of the supplier in the request, at most 256 bytes; empty for a batch. */
  readonly subject: string;
  /** When the call ended, epoch milliseconds. */
  readonly occurredAtMs: number;
  readonly payload: AuditPayload;
}

/** An event with its place among the events of this process. */
export interface SequencedEvent extends AuditEvent {
  /** Id of the process that recorded the event, a UUID: each start of the service has a new one. */
  readonly producer: string;
  /**
   * Counts the events of the producer, from 1. Null: the event is only about the sink that receives it, or it is of a
   * release without sequences; `producer` is then that of the process that sends it, or empty.
   */
  readonly sequence: number | null;
}

/**
 * A sequenced event as the spool has it: its payload is the JSON text that was written first, because parsing the payload
 * and writing it again would cost more than the rest of the way.
 */
export interface SpooledEvent extends Omit<SequencedEvent, "payload"> {
  /** A JSON object. */
  readonly payloadJson: string;
}

/** Details of an event. As JSON a few KiB, at most 64 KiB. */
export type AuditPayload = { readonly [name: string]: string | number | null | AuditPayload };

/** A supplier as a caller sent it. */
export interface SupplierSent {
  readonly supplierId: string;
  readonly features: Readonly<Record<string, number>>;
  readonly categories: Readonly<Record<string, string>>;
  readonly contractText: string;
  /** Weights of the terms, instead of the text. Empty: none were sent. */
  readonly termWeights?: Readonly<Record<string, number>>;
}

/**
 * Returns the SHA-256, lower-case hex, of `{categories, contract_text_sha256, features, supplier_id}`, and
 * `term_weights` where they were sent, in canonical JSON (RFC 8785), independent of the order of the features. A
 * number that JSON does not have is written as the text "NaN", "Infinity" or "-Infinity".
 */
export function supplierDigest(sent: SupplierSent): string {
  const { supplierId, features, categories, contractText, termWeights = {} } = sent;
  const text =
    `{"categories":${canonicalJson(categories)},"contract_text_sha256":"${hash("sha256", contractText)}",` +
    `"features":${writeFeatures(features)},"supplier_id":${JSON.stringify(supplierId)}` +
    `${Object.keys(termWeights).length > 0 ? `,"term_weights":${writeTerms(termWeights)}` : ""}}`;
  return hash("sha256", text);
}

type WriteNumbers = (numbers: Readonly<Record<string, number>>) => string;

/**
 * Creates a writer of numbers by name as canonical JSON. Callers send the same names in the same order again and again,
 * so the writer keeps the last names, sorted and quoted.
 */
export function createNumberWriter(): WriteNumbers {
  let names: readonly string[] = [];
  let sorted: readonly { readonly name: string; readonly member: string }[] = [];
  return (numbers) => {
    const sent = Object.keys(numbers);
    if (!areEqual(sent, names)) {
      names = sent;
      // The default sort order is by UTF-16 code units, as RFC 8785 requires.
      sorted = sent.toSorted().map((name, i) => ({ name, member: `${i === 0 ? "" : ","}${JSON.stringify(name)}:` }));
    }
    let text = "{";
    for (const { name, member } of sorted) {
      const value = numbers[name] as number;
      text += member + (Number.isFinite(value) ? String(value) : `"${value}"`);
    }
    return `${text}}`;
  };
}

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const writeFeatures = createNumberWriter();
const writeTerms = createNumberWriter();

/**
 * Returns the SHA-256, lower-case hex, of the ids as a JSON array, then the bytes of the risk scores, then
 * the bytes of the bands.
 */
export function answersDigest(supplierIds: readonly string[], riskScores: Uint8Array, bands: Uint8Array): string {
  return hash("sha256", Buffer.concat([Buffer.from(JSON.stringify(supplierIds)), riskScores, bands]));
}

/** Returns the 64 bits of a score as 16 hex digits, sign bit first. */
export function scoreBits(score: number): string {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(score);
  return bytes.toString("hex");
}

/** Converts a text so that every store accepts it: well-formed, without NUL, at most `maxBytes` of UTF-8. */
export function storedText(text: string, maxBytes: number): string {
  // A character has at least one byte, so a text with more characters than `maxBytes` never fits.
  let kept = text.slice(0, maxBytes).toWellFormed().replaceAll("\0", "�");
  while (Buffer.byteLength(kept) > maxBytes) kept = kept.slice(0, -Math.ceil((Buffer.byteLength(kept) - maxBytes) / 3));
  return kept.toWellFormed();
}
