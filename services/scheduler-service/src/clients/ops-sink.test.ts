import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import type { AliasEvent } from "../domain/alias-event.ts";
import { PeerUnavailableError } from "../domain/scheduler-error.ts";
import { createCallSink, createOpsSink } from "./ops-sink.ts";

const never = new AbortController().signal;
const event = (eventId: string): AliasEvent => ({
  ...{ eventId, kind: "model.alias_set", actor: "ada", subject: "model/m", occurredAtMs: 0 },
  payload: { model: "m", alias: "champion", version: "v1", previous_version: null, reason: "better" },
});

/** A log that has other events with some ids, and rejects a message with one of them. */
function logWith(recorded: ReadonlySet<string>, over?: Code) {
  const appended: string[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(AuditService, {
      async appendEvents(requests) {
        for await (const { events } of requests) {
          if (over !== undefined) throw new ConnectError("not now", over);
          if (events.some(({ eventId }) => recorded.has(eventId)))
            throw new ConnectError("conflict", Code.AlreadyExists);
          appended.push(...events.map(({ eventId }) => eventId));
        }
        return {};
      },
    });
  });
  return { transport, appended };
}

test("an event that was recorded with other details does not stop the others", async () => {
  const { transport, appended } = logWith(new Set(["b"]));
  await createOpsSink(transport)([event("a"), event("b"), event("c")], never);
  expect(appended).toEqual(["a", "c"]);
});

test("an outage is an error, so that the events are sent again", async () => {
  const { transport } = logWith(new Set(), Code.Unavailable);
  await expect(createOpsSink(transport)([event("a")], never)).rejects.toThrow(PeerUnavailableError);
});

test("events of calls that the log rejects are reported and dropped, and an outage is an error", async () => {
  const call = { ...event("a"), kind: "call.made", payloadJson: "{}" } as const;
  const rejected: unknown[] = [];
  const onRejected = (error: unknown): void => void rejected.push(error);
  await createCallSink(logWith(new Set(), Code.PermissionDenied).transport, onRejected)([call], never);
  expect(rejected).toHaveLength(1);
  const away = createCallSink(logWith(new Set(), Code.Unavailable).transport, onRejected);
  await expect(away([call], never)).rejects.toThrow(PeerUnavailableError);
});
