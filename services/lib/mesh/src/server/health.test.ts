import { HealthCheckResponse_ServingStatus as Status } from "@bellwether/gen/grpc/health/v1/health_pb";
import { expect, test } from "vitest";
import type { Call } from "../call/call.ts";
import { createHealthBoard } from "./health.ts";

test("a service is SERVING while it and the whole server accept traffic", () => {
  const board = createHealthBoard(["a.A", "b.B"], false);
  expect(["", "a.A", "b.B"].map(board.isServing)).toEqual([false, false, false]);
  board.setServing("", true);
  expect(["", "a.A", "b.B"].map(board.isServing)).toEqual([true, true, true]);
  board.setServing("a.A", false);
  expect(["", "a.A", "b.B"].map(board.isServing)).toEqual([true, false, true]);
  board.setServing("", false);
  board.setServing("a.A", true);
  expect(["", "a.A", "b.B"].map(board.isServing)).toEqual([false, false, false]);
});

test.each(["no.Such", "__proto__", "a.A/Method"])(
  '"%s" is no service: it cannot be set and never serves',
  (service) => {
    const board = createHealthBoard(["a.A"], true);
    expect(() => board.setServing(service, true)).toThrow(`this server has no service "${service}"; it has a.A`);
    expect(board.isServing(service)).toBe(false);
  },
);

test("a watch receives every change of its status and no others, and ends with its call", async () => {
  const board = createHealthBoard(["a.A", "b.B"], true);
  const watch = board.route.methods.find(({ method }) => method.name === "Watch") ?? expect.fail();
  const over = new AbortController();
  const seen: Status[] = [];
  const watching = (async () => {
    const answers = watch.handler({ service: "a.A" }, { signal: over.signal } as Call);
    for await (const { status } of answers as AsyncIterable<{ status: Status }>) {
      seen.push(status);
      // All changes happen before the watch is asked for its next answer.
      if (seen.length === 1) {
        for (const serving of [true, false, false]) board.setServing("a.A", serving);
        board.setServing("b.B", false);
      } else over.abort();
    }
  })();
  await expect(watching).rejects.toMatchObject({ name: "AbortError" });
  expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING]);
});
