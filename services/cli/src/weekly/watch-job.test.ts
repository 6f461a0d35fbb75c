import { type BatchRun, BatchRunSchema, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import {
  ScheduleService,
  type WatchProgressResponse,
  WatchProgressResponseSchema,
} from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { type JobEnd, throwUnlessComplete, watchJob, withKeptRun } from "./watch-job.ts";

type Watch = () => AsyncIterable<WatchProgressResponse>;

const status = (state: RunState, failure = ""): WatchProgressResponse =>
  create(WatchProgressResponseSchema, { state, isoWeek: "2026-W28", failure });

/** A watch that sends these messages, and then ends as when the process of scheduler-service ends. */
const cut = (...messages: WatchProgressResponse[]): Watch =>
  async function* () {
    yield* messages;
    throw new ConnectError("closed", Code.Unavailable);
  };

/** A client whose watches are these, the last one again and again, with a clock that only the pauses move. */
function open(...watches: readonly Watch[]) {
  let opened = 0;
  let nowMs = 0;
  const pauses: number[] = [];
  const transport = createRouterTransport(({ service }) =>
    service(ScheduleService, {
      watchProgress: () => (watches[opened++] ?? watches.at(-1) ?? cut())(),
    }),
  );
  const peer = {
    client: createClient(ScheduleService, transport),
    answer: <T>(call: Promise<T>) =>
      call.catch((cause: unknown) => Promise.reject(new Error("scheduler-service does not answer at URL", { cause }))),
    [Symbol.dispose]: () => {},
  };
  const pause = async (ms: number): Promise<void> => {
    pauses.push(ms);
    nowMs += ms;
  };
  return { end: watchJob(peer, "weekly-2026-W28", { pause, nowMs: () => nowMs }), pauses };
}

test("a watch is opened again while scheduler-service is restarted", async () => {
  const running = cut(status(RunState.RUNNING));
  const { end, pauses } = open(running, cut(), cut(), cut(), running, cut(), cut(status(RunState.COMPLETE)));
  expect(await end.catch((error: Error) => error.message)).toMatchObject({ state: RunState.COMPLETE });
  expect(pauses).toEqual([500, 500, 1000, 2000, 500, 500]);
});

test("after 30 s without an answer, the error names the command that watches the job again", async () => {
  const { end, pauses } = open(cut(status(RunState.RUNNING)), cut());
  await expect(end).rejects.toThrow(
    "scheduler-service does not answer at URL. The job continues when scheduler-service runs; to watch it again: npx bellwether weekly watch --job weekly-2026-W28",
  );
  expect(pauses.slice(0, 2)).toEqual([500, 500]);
  // The last pause ends at the limit, which counts from the last message.
  expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(30_000);
});

test("a scheduler that never answered, and another error, end the watch at once", async () => {
  const away = open(cut());
  await expect(away.end).rejects.toThrow(/^scheduler-service does not answer at URL$/);
  const unknown = open(async function* () {
    yield status(RunState.RUNNING);
    throw new ConnectError("no", Code.NotFound);
  });
  await expect(unknown.end).rejects.toThrow("scheduler-service does not answer at URL");
  expect([...away.pauses, ...unknown.pauses]).toEqual([]);
});

const failed: JobEnd = status(RunState.FAILED, 'source "weekly": the file does not exist');
const stored = (state: RunState): BatchRun => create(BatchRunSchema, { isoWeek: "2026-W28", state, revision: 2 });
const says = (run: BatchRun | undefined): string => {
  try {
    throwUnlessComplete("2026-W28", withKeptRun(failed, run));
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "";
};

test("a failed job of a week that is complete or held says that the week is as before", () => {
  for (const [state, name] of [
    [RunState.COMPLETE, "complete"],
    [RunState.HELD, "held"],
  ] as const)
    expect(says(stored(state))).toBe(
      `the job failed: source "weekly": the file does not exist; 2026-W28 is ${name} as before (revision 2), nothing was replaced`,
    );
  for (const run of [undefined, stored(RunState.FAILED), stored(RunState.VOIDED)])
    expect(says(run)).toBe('2026-W28 is failed: source "weekly": the file does not exist');
});
