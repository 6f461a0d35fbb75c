import {
  type WatchAlertsResponse,
  WatchAlertsResponseSchema,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { fromBinary, toBinary } from "@bufbuild/protobuf";

/** A message between tabs: the tab with the watch sends what it receives to the others. */
export type WatchPost =
  /** `isGap`: changes before this one may have been missed. */
  | { readonly kind: "change"; readonly change: WatchAlertsResponse; readonly isGap: boolean }
  /** `heardAtMs`: time of the last message of the server, milliseconds since 1970. Undefined: there was none. */
  | { readonly kind: "live"; readonly isLive: boolean; readonly heardAtMs: number | undefined }
  /** A new tab asks whether the watch is live. */
  | { readonly kind: "hello" };

/** Returns the form in which a message can be sent to another tab. */
export function postOf(post: WatchPost): unknown {
  return post.kind === "change" ? { ...post, change: toBinary(WatchAlertsResponseSchema, post.change) } : post;
}

/** Returns a message of another tab. Undefined: it is of another version of the page. */
export function parsePost(data: unknown): WatchPost | undefined {
  if (typeof data !== "object" || data === null || !("kind" in data)) return undefined;
  if (data.kind === "hello") return { kind: "hello" };
  if (data.kind === "live" && "isLive" in data && "heardAtMs" in data) {
    const { isLive, heardAtMs } = data;
    return { kind: "live", isLive: isLive === true, heardAtMs: typeof heardAtMs === "number" ? heardAtMs : undefined };
  }
  if (data.kind !== "change" || !("change" in data) || !(data.change instanceof Uint8Array)) return undefined;
  try {
    const change = fromBinary(WatchAlertsResponseSchema, data.change);
    return { kind: "change", change, isGap: "isGap" in data && data.isGap === true };
  } catch {
    return undefined;
  }
}
