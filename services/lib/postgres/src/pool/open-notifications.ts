import net from "node:net";
import pg from "pg";
import { connectionConfig, type PostgresOptions } from "./open-postgres.ts";

/** A connection that receives the notifications that transactions send with `pg_notify`. */
export interface NotificationConnection {
  /**
   * Subscribes to a channel, in addition to those subscribed before. @throws DatabaseError, or the error of a
   * lost connection
   */
  listen(channel: string): Promise<void>;
  close(): void;
}

/** Callbacks of a notification connection. */
export interface NotificationListener {
  onNotification(channel: string, payload: string): void;
  /** Called once, when the connection ends: notifications sent since then are lost. */
  onEnd(): void;
}

/** Time limit of LISTEN. A working server answers LISTEN at once. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Opens one connection for all channels; a broken connection is not reopened. @throws the error of a server
 * that does not answer
 */
export async function openNotifications(
  url: string,
  { onNotification, onEnd }: NotificationListener,
  options: Pick<PostgresOptions, "applicationName"> = {},
): Promise<NotificationConnection> {
  const socket = new net.Socket();
  const client = new pg.Client({
    ...connectionConfig(url, { answerTimeoutMs: ANSWER_TIMEOUT_MS, ...options }),
    stream: () => socket,
  });
  client.on("error", () => {});
  client.on("notification", ({ channel, payload = "" }) => onNotification(channel, payload));
  await client.connect();
  client.once("end", onEnd);
  return {
    async listen(channel) {
      try {
        await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      } catch (error) {
        socket.destroy();
        throw error;
      }
    },
    // Sends no terminate message: a server that does not answer would never confirm it.
    close: () => void socket.destroy(),
  };
}
