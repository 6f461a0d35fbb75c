import { WatchAlertsResponseSchema } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { parsePost, postOf, type WatchPost } from "./watch-post.ts";

test("another tab gets the message that the first tab received", () => {
  const change = create(WatchAlertsResponseSchema, { alerts: [{ alertId: "a", version: 2n }], sequence: 7n });
  const posts: WatchPost[] = [
    { kind: "change", change, isGap: true },
    { kind: "live", isLive: true, heardAtMs: 5 },
    { kind: "live", isLive: false, heardAtMs: undefined },
    { kind: "hello" },
  ];
  for (const post of posts) expect(parsePost(structuredClone(postOf(post)))).toEqual(post);
});

test("a message of another version of the page is ignored", () => {
  const strange = [null, "hello", {}, { kind: "later" }, { kind: "change", change: "x" }, { kind: "live" }];
  for (const data of [...strange, { kind: "change", change: Uint8Array.of(255, 255) }]) {
    expect(parsePost(data)).toBeUndefined();
  }
});
