import { randomUUID } from "node:crypto";
import type { Seal } from "./seal.ts";

/** The content of a one-time link, with which a person signs in on this machine. */
export interface SignInLink {
  /** Id of the link, by which a second use is detected. */
  readonly id: string;
  /** Name of the person, as records show it. */
  readonly subject: string;
}

/** A link is accepted for this time. */
export const LINK_MS = 10 * 60_000;
const PURPOSE = "sign-in-link";

/** Returns the code of a new one-time link. @param nowMs the current time, epoch milliseconds */
export function sealLink(seal: Seal, subject: string, nowMs: number): Promise<string> {
  return seal.seal(PURPOSE, { id: randomUUID(), subject }, nowMs + LINK_MS);
}

/** Returns the content of a link's code. Undefined: the code is not valid, or too old. */
export async function openLink(seal: Seal, code: string): Promise<SignInLink | undefined> {
  const { id, subject } = (await seal.open(PURPOSE, code))?.payload ?? {};
  return typeof id === "string" && typeof subject === "string" ? { id, subject } : undefined;
}
