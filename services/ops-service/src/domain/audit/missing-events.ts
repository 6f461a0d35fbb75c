import { UUID_PATTERN } from "@bellwether/contract/uuid";
import { type AuditEvent, OWN_RECORDER } from "./audit-chain.ts";

/** The place of an event among those of its producer: a process that numbers its events from 1. */
export interface ProducerPlace {
  readonly producer: string;
  readonly sequence: number;
}

/** Returns the producer and the sequence of each event whose payload has both. */
export function placesOf(events: readonly Pick<AuditEvent, "payload">[]): ProducerPlace[] {
  return events.flatMap(({ payload }) => {
    // Parsing every payload would cost more than the rest.
    if (!payload.includes('"producer"')) return [];
    const { producer, sequence }: { readonly producer?: unknown; readonly sequence?: unknown } = JSON.parse(payload);
    const isPlace = typeof producer === "string" && UUID_PATTERN.test(producer.toLowerCase());
    if (!isPlace || typeof sequence !== "number" || !Number.isSafeInteger(sequence) || sequence < 1) return [];
    return [{ producer: producer.toLowerCase(), sequence }];
  });
}

/**
 * Returns an event for each gap. A producer is not known before its first event, which has the sequence 1. An event that
 * comes late, after its gap was recorded, changes nothing.
 * @param known the last sequence of each producer
 */
export function missingEvents(
  places: readonly ProducerPlace[],
  known: ReadonlyMap<string, number>,
): Omit<AuditEvent, "eventId" | "occurredUs">[] {
  const last = new Map(known);
  return places.flatMap(({ producer, sequence }) => {
    const before = last.get(producer) ?? 0;
    last.set(producer, Math.max(before, sequence));
    if (sequence <= before + 1) return [];
    const gap = { producer, first_sequence: before + 1, last_sequence: sequence - 1, events: sequence - 1 - before };
    const payload = JSON.stringify(gap);
    return [{ kind: "events.missing", actor: OWN_RECORDER, subject: `producer/${producer}`, payload }];
  });
}

/** Returns the last sequence of each producer of `places`. */
export function lastSequences(
  places: readonly ProducerPlace[],
  known: ReadonlyMap<string, number>,
): Map<string, number> {
  const last = new Map<string, number>();
  for (const { producer, sequence } of places)
    last.set(producer, Math.max(last.get(producer) ?? known.get(producer) ?? 0, sequence));
  return last;
}
