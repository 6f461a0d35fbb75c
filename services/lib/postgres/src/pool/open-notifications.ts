import net from "node:net";
import pg from "pg";
import { connectionConfig, type PostgresOptions } from "./open-postgres.ts";

/** A connection that hears what transactions tell by `pg_notify`. */
export interface NotificationConnection {
  /** Hears a channel too. @throws DatabaseError, or what says that the connection is lost */
  listen(channel: string): Promise<void>;
  close(): void;
}

/** Who is told what such a connection hears. */
export interface NotificationListener {
  heard(channel: string, payload: string): void;
  /** Once, when the connection ends, and with it what it would have heard. */
  lost(): void;
}

/** LISTEN is answered at once by a server that lives. */
const SILENCE_MS = 10_000;

/** Opens one connection for all channels; it is not made again when it breaks. @throws what says that the server cannot be reached */
export async function openNotifications(
  url: string,
  { heard, lost }: NotificationListener,
  options: Pick<PostgresOptions, "applicationName"> = {},
): Promise<NotificationConnection> {
  const socket = new net.Socket();
  const client = new pg.Client({
    ...connectionConfig(url, { silenceMs: SILENCE_MS, ...options }),
    stream: () => socket,
  });
  client.on("error", () => {});
  client.on("notification", ({ channel, payload = "" }) => heard(channel, payload));
  await client.connect();
  client.once("end", lost);
  return {
    async listen(channel) {
      try {
        await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      } catch (error) {
        socket.destroy();
        throw error;
      }
    },
    // Without a farewell, which a server that has fallen silent would never answer.
    close: () => void socket.destroy(),
  };
}
