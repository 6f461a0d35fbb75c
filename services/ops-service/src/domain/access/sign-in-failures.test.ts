import { expect, it, vi } from "vitest";
import { createSignInFailures } from "./sign-in-failures.ts";

type Events = readonly { readonly payload: string }[];

function failuresOf(record = vi.fn(async (_events: Events) => {})) {
  const lost = vi.fn();
  const failures = createSignInFailures({ record, now: () => new Date(0), onLost: lost });
  return { failures, record, lost };
}

it("records one event per reason, with the number of failures", async () => {
  const { failures, record } = failuresOf();
  expect(failures.count("GROUP_MISSING")).toBe(true);
  for (let i = 1; i < 1_000; i++) expect(failures.count("GROUP_MISSING")).toBe(false);
  failures.count("SIGN_IN_STATE");
  await failures.flush();
  await failures.flush();
  expect(record.mock.calls).toEqual([
    [
      [
        expect.objectContaining({ kind: "sign_in.failed", payload: expect.stringContaining('"failures":1000') }),
        expect.objectContaining({ payload: expect.stringContaining('"reason":"SIGN_IN_STATE"') }),
      ],
    ],
  ]);
});

it("counts reasons beyond 32 together", async () => {
  const { failures, record } = failuresOf();
  for (let i = 0; i < 100; i++) failures.count(`REASON_${i}`);
  await failures.flush();
  const events = record.mock.calls[0]?.[0] ?? [];
  expect(events).toHaveLength(33);
  expect(events.at(-1)?.payload).toContain('"reason":"OTHER","failures":68');
});

it("reports failures that could not be recorded", async () => {
  const { failures, lost } = failuresOf(vi.fn(async (_events: Events) => Promise.reject(new Error("away"))));
  failures.count("A");
  failures.count("A");
  await failures.flush();
  expect(lost).toHaveBeenCalledWith(expect.any(Error), 2);
});
