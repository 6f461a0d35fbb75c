import type { AlertEvent } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { agoText, scoreText, timeText } from "./format.ts";
import { partsText } from "./parts-text.ts";
import { EVENT_WORDS, personText, wordOf } from "./words.ts";

/** The history of an alert or of a supplier, newest first, with notes and comments. */
export function AlertTimeline({ events }: { events: readonly AlertEvent[] }) {
  const nowMs = Date.now();
  if (events.length === 0) return <p className="quiet">Nothing has happened yet.</p>;
  return (
    <ol className="events">
      {events.map((event) => (
        <li key={`${event.kind}/${event.version}/${event.occurredAt ? timestampMs(event.occurredAt) : ""}`}>
          {wordOf(EVENT_WORDS, event.kind)} by <bdi>{visibleText(personText(event.actor))}</bdi>
          {event.riskScore !== undefined && `, score ${scoreText(event.riskScore)}`},{" "}
          <time title={timeText(event.occurredAt)}>{agoText(event.occurredAt, nowMs)}</time>
          {event.detail && <small>{visibleText(event.detail)}</small>}
          {event.scoreChangeParts && <small>{visibleText(partsText(event.scoreChangeParts))}</small>}
          {event.note && <small className="event-note">{visibleText(event.note, true)}</small>}
        </li>
      ))}
    </ol>
  );
}
