import type { Sql } from "postgres";
import { DatabaseUnavailableError, WatchTooSlowError } from "../domain/ops-error.ts";

/** What other transactions tell, of this process or another. */
export interface ChangeFeed {
  /**
   * Payloads of a channel from now on, until the signal fires. @throws WatchTooSlowError for a reader that is too far behind,
   * DatabaseUnavailableError when the connection was lost meanwhile, and changes with it
   */
  watch(channel: string, signal: AbortSignal): Promise<AsyncIterable<string>>;
}

/** Changes that may wait for one reader. */
const MAX_WAITING = 1_000;

interface Reader {
  take(payload: string): void;
  end(error: Error): void;
}

/** A channel that is listened to, from its first watch on. */
interface Channel {
  readonly readers: Set<Reader>;
  /** Rejects when the first attempt fails; postgres.js goes on trying. */
  readonly opened: Promise<unknown>;
  isOpen: boolean;
}

/**
 * LISTEN on the database: one connection for all who watch, made again when it breaks. A channel is registered once and for good: what is
 * taken back after a reconnect, or fails while the database is away, postgres.js keeps.
 */
export function createChangeFeed(sql: Sql): ChangeFeed {
  const channels = new Map<string, Channel>();
  const open = (name: string): Channel => {
    const readers = new Set<Reader>();
    const take = (payload: string): void => {
      for (const reader of readers) reader.take(payload);
    };
    const listening = (): void => {
      if (channel.isOpen) for (const reader of readers) reader.end(new DatabaseUnavailableError());
      channel.isOpen = true;
    };
    const channel: Channel = { readers, opened: sql.listen(name, take, listening), isOpen: false };
    channels.set(name, channel);
    return channel;
  };
  return {
    async watch(name, signal) {
      const channel = channels.get(name) ?? open(name);
      const { reader, changes } = createReader(signal);
      channel.readers.add(reader);
      const leave = (): void => void channel.readers.delete(reader);
      signal.addEventListener("abort", leave, { once: true });
      try {
        if (!channel.isOpen) await channel.opened;
      } catch (error) {
        leave();
        throw error;
      }
      return changes(leave);
    },
  };
}

function createReader(signal: AbortSignal) {
  const waiting: string[] = [];
  let wake: () => void = () => {};
  let ended: Error | undefined;
  const reader: Reader = {
    take(payload) {
      if (waiting.length >= MAX_WAITING) ended ??= new WatchTooSlowError();
      else if (waiting.at(-1) !== payload) waiting.push(payload);
      wake();
    },
    end(error) {
      ended ??= error;
      wake();
    },
  };
  async function* changes(leave: () => void): AsyncGenerator<string> {
    const stop = (): void => wake();
    signal.addEventListener("abort", stop, { once: true });
    try {
      while (!signal.aborted) {
        if (ended) throw ended;
        const payload = waiting.shift();
        if (payload !== undefined) yield payload;
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
