import { expect, test, vi } from "vitest";
import { EXPORT_STREAMS, type ExportStream } from "../domain/exports/event-export.ts";
import { startEventExport } from "./event-export.ts";

test("the backlog is reported after each pass, also while the sink catches up without a pause", async () => {
  const left = new Map<ExportStream, number>(EXPORT_STREAMS.map((stream) => [stream, 3]));
  const reported: string[] = [];
  await using _export = startEventExport({
    async pass(stream) {
      const events = (left.get(stream) ?? 0) - 1;
      left.set(stream, events);
      return events > 0;
    },
    readBacklog: async (stream) => ({ sink: "kafka", stream, events: left.get(stream) ?? 0, oldestAgeS: 1 }),
    everyMs: 600_000,
    onPass: ({ backlog }) => void reported.push(`${backlog.stream} ${backlog.events}`),
  });
  await vi.waitFor(
    () => expect(reported.sort()).toEqual(["alerts 0", "alerts 1", "alerts 2", "audit 0", "audit 1", "audit 2"]),
    { timeout: 30_000 },
  );
});
