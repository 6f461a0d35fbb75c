import { write } from "node:fs";
import { appendFile, open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { AuditSinkError } from "../domain/audit-ports.ts";

/** Writes whole lines, each with its end. */
export type WriteLines = (text: string) => Promise<void>;

/** Appends to a file, which is opened anew each time: one that was rotated away is left alone. @throws AuditSinkError */
export async function appendToFile(file: string): Promise<WriteLines> {
  const handle = await open(file, "a", 0o600).catch((error: unknown) => {
    throw new AuditSinkError(file, error);
  });
  await handle.close();
  let isTorn = false;
  return async (text) => {
    try {
      await appendFile(file, isTorn ? `\n${text}` : text, { mode: 0o600 });
      isTorn = false;
    } catch (error) {
      // A full disk may have taken part of a line: the next one must not be glued to it.
      isTorn = true;
      throw error;
    }
  };
}

const STDOUT = 1;
const FULL_PIPE_MS = 10;

/**
 * Writes to standard output. Not by `process.stdout`: that one blocks the event loop when nobody reads the pipe, and a closed pipe
 * would end the process.
 */
export async function writeToStdout(text: string): Promise<void> {
  let bytes = Buffer.from(text);
  while (bytes.byteLength > 0) bytes = bytes.subarray(await writeSome(bytes));
}

function writeSome(bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    write(STDOUT, bytes, (error, written) => {
      if (error?.code === "EAGAIN") pause(FULL_PIPE_MS).then(() => resolve(0));
      else if (error) reject(error);
      else resolve(written);
    });
  });
}
