import { AlertService, type WatchAlertsResponse } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { AlertChanges } from "./alert-changes.ts";
import { followStream, pause } from "./follow-stream.ts";
import { CONNECTING, type Live } from "./live.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { openStream } from "./open-stream.ts";
import { refreshDetails } from "./show-decided.ts";
import { leadTabs, openTabChannel } from "./tab-channel.ts";
import { parsePost, postOf, type WatchPost } from "./watch-post.ts";

/** Name of the channel and of the lock: all tabs with the page of one server share them. */
const channelName = (): string => `bellwether${new URL(".", document.baseURI).pathname}alerts`;

/**
 * Watches alerts while the page is shown: one tab has the watch and passes its messages on to the others. When
 * that tab is closed, the next one continues after the last message. Lists count the changes through
 * `changes`; single alerts and suppliers are loaded again. Returns whether changes arrive.
 * @param who the signed-in person. Empty: nobody. After a sign-in the watch is opened at once
 */
export function useAlertWatch(changes: AlertChanges, who: string): Live {
  const transport = useTransport();
  const queries = useQueryClient();
  const [live, setLive] = useState<Live>({ ...CONNECTING, offline: !navigator.onLine });
  const reopen = useRef(() => {});
  useEffect(() => {
    if (who !== "") reopen.current();
  }, [who]);
  useEffect(() => {
    const refresh = oneAtATime(() => refreshDetails(queries));
    const end = new AbortController();
    let isLeader = false;
    let isLive = false;
    let heardAtMs: number | undefined;
    /** Position after the last message. Undefined: not known, so the watch begins with the present. */
    let sequence: bigint | undefined;
    let stop = new AbortController();

    const receive = (change: WatchAlertsResponse, isGap: boolean): void => {
      if (change.sequence > 0n) sequence = change.sequence;
      if (isGap) changes.addGap();
      if (change.alerts.length > 0) changes.add(change.alerts, change.truncated);
      if (isGap || change.alerts.length > 0) refresh();
    };
    const showLive = (now: boolean, atMs: number | undefined): void => {
      if (now && !isLive) void queries.refetchQueries({ predicate: ({ state }) => state.status === "error" });
      isLive = now;
      heardAtMs = atMs;
      const lastHeardAt = atMs === undefined ? undefined : new Date(atMs);
      setLive({ state: now ? "live" : "lost", lastHeardAt, offline: !navigator.onLine });
    };
    const tabs = openTabChannel(channelName(), (data) => {
      const post = parsePost(data);
      if (post?.kind === "hello" && isLeader) send({ kind: "live", isLive, heardAtMs });
      if (isLeader || post === undefined) return;
      if (post.kind === "change") receive(post.change, post.isGap);
      if (post.kind === "live") showLive(post.isLive, post.heardAtMs);
    });
    const send = (post: WatchPost): void => tabs.post(postOf(post));

    const follow = (): void => {
      stop.abort();
      stop = new AbortController();
      let startsAnew = true;
      void followStream({
        async *open(signal) {
          startsAnew = sequence === undefined;
          try {
            const request = sequence === undefined ? {} : { afterSequence: sequence };
            yield* openStream(transport, AlertService.method.watchAlerts, request, signal);
          } catch (error) {
            // The server does not know this position: its database was restored.
            if (ConnectError.from(error).code === Code.FailedPrecondition) sequence = undefined;
            throw error;
          }
        },
        onMessage: (change, isFirst) => {
          heardAtMs = Date.now();
          const isGap = isFirst && startsAnew;
          receive(change, isGap);
          if (isGap || change.alerts.length > 0 || change.sequence > 0n) send({ kind: "change", change, isGap });
          else send({ kind: "live", isLive, heardAtMs });
        },
        onLive: (now) => {
          if (now) heardAtMs = Date.now();
          showLive(now, heardAtMs);
          send({ kind: "live", isLive: now, heardAtMs });
        },
        wait: pause,
        signal: AbortSignal.any([stop.signal, end.signal]),
      });
    };
    const leaveNetwork = (): void => {
      stop.abort();
      showLive(false, heardAtMs);
    };
    const returnToNetwork = (): void => {
      setLive((before) => ({ ...before, offline: false }));
      if (isLeader) follow();
    };
    reopen.current = () => {
      if (isLeader && !isLive && navigator.onLine) follow();
    };
    window.addEventListener("offline", leaveNetwork, { signal: end.signal });
    window.addEventListener("online", returnToNetwork, { signal: end.signal });
    send({ kind: "hello" });
    leadTabs(channelName(), end.signal, () => {
      isLeader = true;
      if (navigator.onLine) follow();
      else leaveNetwork();
    });
    return () => {
      end.abort();
      tabs.close();
    };
  }, [transport, queries, changes]);
  return live;
}
