import { once } from "node:events";
import net from "node:net";
import { breakWhenSilent } from "./break-when-silent.ts";
import { type Encryption, encryptSocket } from "./encrypt-socket.ts";

/** How long a broken connection stays: long enough for its transactions to hear of it and to give up. */
const GRACE_MS = 250;

/** Where a server is, and how it is spoken to. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly encryption: Encryption;
}

/** How long a server may be silent, milliseconds. */
export interface SilenceLimits {
  /** Until it is connected, encryption included. */
  readonly connectMs: number;
  /** While it owes an answer. Left out: for ever. */
  readonly answerMs?: number;
}

/**
 * Opens a connection without Nagle that breaks as postgres.js can bear it. Never rejects: a connection that cannot be made, or not
 * in time, is one that breaks at once with that error.
 */
export function openSteadySocket(address: ServerAddress, limits: SilenceLimits): Promise<net.Socket> {
  return connectTo(address, limits).catch(brokenSocket);
}

async function connectTo(
  { host, port, encryption }: ServerAddress,
  { connectMs, answerMs }: SilenceLimits,
): Promise<net.Socket> {
  const socket = net.connect({ host, port, noDelay: true });
  const late = setTimeout(() => socket.destroy(noAnswer(connectMs)), connectMs);
  try {
    await once(socket, "connect");
    const open = await encryptSocket(socket, host, encryption);
    return failBeforeClose(answerMs === undefined ? open : breakWhenSilent(open, answerMs));
  } finally {
    clearTimeout(late);
  }
}

function noAnswer(timeoutMs: number): Error {
  return Object.assign(new Error(`no answer within ${timeoutMs / 1000} s`), { code: "ETIMEDOUT" });
}

/**
 * postgres.js 3.4.9 fails the query when it gets no socket, and never uses that place of its pool again: ten failed queries, and a
 * pool of ten is gone for good. After a socket that breaks it connects anew.
 */
function brokenSocket(cause: Error): net.Socket {
  const socket = new net.Socket();
  // Not before postgres.js has written: a close that overtakes its first write leaves it unable to write ever again.
  socket.write = () => {
    setImmediate(() => socket.destroy(cause));
    return false;
  };
  return socket;
}

/**
 * postgres.js 3.4.9 forgets a socket when it closes, and then writes the rollback of the transaction that was under way to null, in
 * a timer that nobody can catch: the process ends (porsager/postgres#1208). After a reset the rollback waits for ever instead. So a
 * connection that broke fails what is written to it, and is closed only when nobody holds it any more.
 */
function failBeforeClose(socket: net.Socket): net.Socket {
  const emit = socket.emit.bind(socket);
  const lost = Object.assign(new Error("the connection to PostgreSQL is lost"), { code: "CONNECTION_CLOSED" });
  const fail = (): void => {
    if (socket.listenerCount("error") > 0) emit("error", lost);
  };
  const end = socket.end.bind(socket);
  let isWanted = false;
  socket.end = (...last: unknown[]): net.Socket => {
    // A farewell is postgres.js's own; without one it is Node's answer to the server's end.
    isWanted ||= last[0] instanceof Uint8Array;
    return Reflect.apply(end, socket, last);
  };
  socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event !== "close" || isWanted) return emit(event, ...args);
    socket.write = (...written: unknown[]): boolean => {
      const done = written.at(-1);
      if (typeof done === "function") setImmediate(() => done(lost));
      setImmediate(fail);
      return false;
    };
    fail();
    setTimeout(() => emit("close", false), GRACE_MS);
    return true;
  };
  return socket;
}
