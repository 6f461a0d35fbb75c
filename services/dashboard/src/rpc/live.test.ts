import { expect, test } from "vitest";
import { CONNECTING, type Live, liveText } from "./live.ts";

const lastHeardAt = new Date(2026, 10, 28, 12, 3);

test.each<[Live, string]>([
  [CONNECTING, "Connecting"],
  [{ ...CONNECTING, offline: true }, "Not live, offline"],
  [{ state: "live", lastHeardAt, offline: false }, "Live"],
  [{ state: "live", lastHeardAt, offline: true }, "Not live since 12:03, offline"],
  [{ state: "lost", lastHeardAt, offline: false }, "Not live since 12:03, reconnecting"],
  [{ state: "lost", lastHeardAt: undefined, offline: false }, "Not live, reconnecting"],
])("%o reads %s", (live, text) => {
  expect(liveText(live)).toBe(text);
});
