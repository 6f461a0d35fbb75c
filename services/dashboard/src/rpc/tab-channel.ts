/** Connects the tabs of one browser that show the same server. */
export interface TabChannel {
  /** Sends a message to all other tabs. */
  post(message: unknown): void;
  close(): void;
}

/** Opens the channel. In a browser without BroadcastChannel, this tab is alone. */
export function openTabChannel(name: string, onMessage: (message: unknown) => void): TabChannel {
  if (typeof BroadcastChannel === "undefined") return { post() {}, close() {} };
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }) => onMessage(data);
  return {
    post: (message) => channel.postMessage(message),
    close: () => channel.close(),
  };
}

/**
 * Runs `lead` in one tab at a time: in this tab at once, or when the tabs that asked earlier are closed. `lead`
 * is called at most once. The lead ends with the signal. Browsers have Web Locks only in secure contexts
 * (HTTPS or localhost); without them every tab leads.
 */
export function leadTabs(name: string, signal: AbortSignal, lead: () => void): void {
  const locks = globalThis.navigator?.locks;
  if (!locks) {
    lead();
    return;
  }
  const untilEnd = (): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      signal.addEventListener("abort", () => resolve());
      lead();
    });
  // An AbortError: this tab was closed before it led.
  locks.request(name, { signal }, untilEnd).catch(() => {});
}
