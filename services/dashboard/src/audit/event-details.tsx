import type { AuditRecord } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { Name } from "../parts/name.tsx";
import { Wide } from "../parts/wide.tsx";
import { payloadText } from "./payload-text.ts";
import { Replay } from "./replay-result.tsx";

/** Whether events of a kind record scores, which can be computed again. */
const isScore = (kind: string): boolean => /^(prediction|batch)\./.test(kind);

/** Returns a time with all its digits, in UTC. */
const exactText = (time: Timestamp | undefined): string => (time ? timestampDate(time).toISOString() : "not known");

/** One event as it is recorded: its details, times and hashes. */
export function EventDetails({ record }: { record: AuditRecord }) {
  const { event, sequence, recordedAt, recordedBy, payloadHash, previousHash, hash, payloadErased } = record;
  const payload = event?.payloadJson ?? "";
  const facts = [
    ["Happened", exactText(event?.occurredAt)],
    ["Recorded", exactText(recordedAt)],
    ["Recorded by", recordedBy === "" ? "not known: the record is of an earlier release" : recordedBy],
    ["Event id", event?.eventId ?? ""],
    ["Hash of the details", payloadHash],
    ["Hash of the record before", previousHash],
    ["Hash of this record", hash],
  ] as const;
  return (
    <section aria-label={`Record ${sequence}`}>
      {payload === "" ? (
        <p className="quiet">
          {payloadErased
            ? "The details were erased. The hashes of the record stay valid."
            : "The record has no details."}
        </p>
      ) : (
        <Wide label={`Details of record ${sequence}`}>
          <pre>{payloadText(payload)}</pre>
        </Wide>
      )}
      {event && isScore(event.kind) && <Replay eventId={event.eventId} />}
      <dl className="facts">
        {facts.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code className="long">
                <Name>{text}</Name>
              </code>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
