import type net from "node:net";
import { createMessageCounter } from "./message-counter.ts";

/** Query and Sync: each is answered by one ReadyForQuery. What is asked in between, by Flush, is answered by anything. */
const ASKING = "QS";
const READY = "Z";

/**
 * Breaks a connection to PostgreSQL whose server owes an answer and has sent nothing for `silenceMs`. A network that drops everything
 * resets nothing: without this a query waits until the kernel gives up, a quarter of an hour or more. One that owes nothing may be silent.
 */
export function breakWhenSilent(socket: net.Socket, silenceMs: number): net.Socket {
  const asked = createMessageCounter(ASKING, "client");
  const answered = createMessageCounter(READY, "server");
  // The first answer is that to the startup message.
  let owed = 1;
  const text = `PostgreSQL owes an answer and has been silent for ${silenceMs / 1000} s`;
  const giveUp = (): void => void socket.destroy(Object.assign(new Error(text), { code: "ETIMEDOUT" }));
  let silence: NodeJS.Timeout | undefined;
  const listen = (): void => {
    silence ??= setTimeout(giveUp, silenceMs);
  };
  const stop = (): void => {
    clearTimeout(silence);
    silence = undefined;
  };
  const write = socket.write.bind(socket);
  socket.write = (...written: unknown[]): boolean => {
    const [bytes] = written;
    if (bytes instanceof Uint8Array) owed += asked(bytes);
    listen();
    return Reflect.apply(write, socket, written);
  };
  socket.on("data", (bytes: Buffer) => {
    owed -= answered(bytes);
    if (owed > 0) silence?.refresh();
    else stop();
  });
  return socket.once("close", stop);
}
