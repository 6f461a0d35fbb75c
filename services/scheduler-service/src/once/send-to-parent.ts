/** The end of an IPC channel in this process. */
export interface ParentChannel {
  send?: (message: object, handle: undefined, options: undefined, callback: (error: Error | null) => void) => boolean;
}

/**
 * Sends a message to the process that started this one. A parent that was killed closes the channel at any time; the
 * message is then dropped, because nobody waits for it.
 * @returns false when this process was started without a channel
 */
export function sendToParent(channel: ParentChannel, message: object): boolean {
  if (channel.send === undefined) return false;
  // Without a callback, a closed channel is an "error" event, which ends the process with a stack trace.
  channel.send(message, undefined, undefined, () => {});
  return true;
}
