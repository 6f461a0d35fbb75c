import { createContext, useContext } from "react";

/** Whether changes arrive automatically. */
export interface Live {
  /** "connecting": before the first message. */
  readonly state: "connecting" | "live" | "lost";
  /** Time of the last message before the connection was lost. Undefined: there was none. */
  readonly lastHeardAt: Date | undefined;
  /** The browser has no network connection. */
  readonly offline: boolean;
}

export const CONNECTING: Live = { state: "connecting", lastHeardAt: undefined, offline: false };

/** The state of the connection, for every component of the page. */
export const LiveContext = createContext<Live>(CONNECTING);

/** Returns why decisions cannot be sent now. Undefined: they can be sent. */
export function useBlockedReason(): string | undefined {
  return useContext(LiveContext).offline
    ? "You are offline: decisions can be sent when the connection is back."
    : undefined;
}

/**
 * Returns the state in words, for example "Not live since 12:03, offline". Times are in the reader's time
 * zone.
 */
export function liveText({ state, lastHeardAt, offline }: Live): string {
  if (state === "live" && !offline) return "Live";
  if (state === "connecting" && !offline) return "Connecting";
  const time = lastHeardAt?.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return `Not live${time === undefined ? "" : ` since ${time}`}, ${offline ? "offline" : "reconnecting"}`;
}
