import type { NotificationConnection, NotificationListener } from "@bellwether/postgres/pool/open-notifications";
import type { AnnouncedChange } from "../../domain/alerts/announced-change.ts";
import { DatabaseUnavailableError, WatchTooSlowError } from "../../domain/ops-error.ts";

/** The changes that transactions of this and of other processes announce with NOTIFY. */
export interface ChangeFeed {
  /**
   * Streams the changes of a channel from now on, until the signal is aborted. @throws WatchTooSlowError when
   * the reader is too far behind, DatabaseUnavailableError when the connection broke, because changes may be
   * missing
   */
  watch(channel: string, signal: AbortSignal): Promise<AsyncIterable<AnnouncedChange>>;
  close(): Promise<void>;
}

/** Maximum number of changes that wait for one reader. */
const MAX_WAITING = 1_000;

interface Reader {
  take(change: AnnouncedChange): void;
  end(error: Error): void;
}

/** A database connection with the readers that use it. When it breaks, the next watch opens a new one. */
interface Line {
  readonly opened: Promise<NotificationConnection>;
  /** Readers of the notifications, by channel. */
  readonly readers: Map<string, Set<Reader>>;
  /** Channels with a LISTEN on this connection, done or in progress. */
  readonly channels: Map<string, Promise<void>>;
}

/** Creates a change feed over LISTEN: one database connection for all watches, opened by the first watch. */
export function createChangeFeed(
  listen: (listener: NotificationListener) => Promise<NotificationConnection>,
): ChangeFeed {
  let current: Line | undefined;
  let notifications = 0;
  const hangUp = (line: Line): void => {
    if (current === line) current = undefined;
    for (const reader of [...line.readers.values()].flatMap((readers) => [...readers]))
      reader.end(new DatabaseUnavailableError());
  };
  const open = (): Line => {
    const readers: Line["readers"] = new Map();
    const onNotification = (channel: string, payload: string): void => {
      const change = { payload, notification: ++notifications };
      for (const reader of readers.get(channel) ?? []) reader.take(change);
    };
    const opened = listen({ onNotification, onEnd: () => hangUp(line) });
    const line: Line = { opened, readers, channels: new Map() };
    opened.catch(() => hangUp(line));
    return line;
  };
  return {
    async watch(channel, signal) {
      current ??= open();
      const { opened, readers, channels } = current;
      const { reader, changes } = createReader(signal);
      const all = readers.get(channel) ?? new Set();
      readers.set(channel, all.add(reader));
      const leave = (): void => void all.delete(reader);
      signal.addEventListener("abort", leave, { once: true });
      const listening = channels.get(channel) ?? opened.then((connection) => connection.listen(channel));
      channels.set(channel, listening);
      try {
        await listening;
      } catch (error) {
        leave();
        throw error;
      }
      return changes(leave);
    },
    async close() {
      const connection = await current?.opened.catch(() => undefined);
      connection?.close();
    },
  };
}

function createReader(signal: AbortSignal) {
  const waiting: AnnouncedChange[] = [];
  let wake: () => void = () => {};
  let ended: Error | undefined;
  const reader: Reader = {
    take(change) {
      // Keeps the later of two equal payloads: a read after the first notification can miss the second
      // change.
      if (waiting.at(-1)?.payload === change.payload) waiting.pop();
      if (waiting.length >= MAX_WAITING) ended ??= new WatchTooSlowError();
      else waiting.push(change);
      wake();
    },
    end(error) {
      ended ??= error;
      wake();
    },
  };
  async function* changes(leave: () => void): AsyncGenerator<AnnouncedChange> {
    const stop = (): void => wake();
    signal.addEventListener("abort", stop, { once: true });
    try {
      while (!signal.aborted) {
        if (ended) throw ended;
        const change = waiting.shift();
        if (change) yield change;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      signal.removeEventListener("abort", stop);
      leave();
    }
  }
  return { reader, changes };
}
