import type { DestinationSpec } from "@bellwether/config/notice-routes";
import type { RequestKey } from "../request-key.ts";
import {
  DestinationDisabledError,
  DestinationNotFoundError,
  NoticeNotFoundError,
  NoticeStateError,
} from "./notice-error.ts";
import type { DestinationState, StoredNotice } from "./stored-notice.ts";

/** Reads and changes what a person's action on notices needs, all in one transaction, with its audit event. */
export interface NoticeTransaction {
  /**
   * Records the key of the request that is about to take effect. False: an earlier request with this key has taken effect.
   * @throws RequestKeyMismatchError, RequestKeyLimitError
   */
  claim(key: RequestKey): Promise<boolean>;
  /** Stores the answer of the request whose key was recorded, for repeats of the request. */
  storeAnswer(key: RequestKey, answer: Uint8Array): Promise<void>;
  /** Locks the notice until the transaction ends. */
  lock(noticeId: string): Promise<StoredNotice | undefined>;
  stateOf(destination: string): Promise<Pick<DestinationState, "disabledAt" | "reason"> | undefined>;
  /** Makes a notice wait for delivery again. It gets as many attempts as a new notice. */
  replay(noticeId: string): Promise<StoredNotice>;
  /** Stores a notice without suppliers. */
  addTest(destination: Pick<DestinationSpec, "name" | "channel">, recipient: string): Promise<StoredNotice>;
  enable(destination: string): Promise<void>;
  appendAudit(event: { readonly kind: string; readonly subject: string; readonly payload: object }): Promise<void>;
}

type Destinations = readonly Pick<DestinationSpec, "name" | "channel">[];

/** Delivers a dead notice again. @throws NoticeNotFoundError, NoticeStateError, DestinationDisabledError */
export async function replayNotice(
  transaction: NoticeTransaction,
  destinations: Destinations,
  noticeId: string,
): Promise<StoredNotice> {
  const found = await transaction.lock(noticeId);
  if (!found) throw new NoticeNotFoundError(noticeId);
  if (found.state !== "dead") throw new NoticeStateError(noticeId, found.state);
  if (!destinations.some(({ name }) => name === found.destination))
    throw new NoticeStateError(noticeId, found.state, found.destination);
  await requireEnabled(transaction, found.destination);
  const { destination, reason } = found;
  await transaction.appendAudit({ kind: "notice.replayed", subject: noticeId, payload: { destination, reason } });
  return transaction.replay(noticeId);
}

/** Stores a test notice. @throws DestinationNotFoundError, DestinationDisabledError */
export async function sendTestNotice(
  transaction: NoticeTransaction,
  destinations: Destinations,
  { name, actor }: { readonly name: string; readonly actor: string },
): Promise<StoredNotice> {
  const destination = findDestination(destinations, name);
  await requireEnabled(transaction, name);
  const made = await transaction.addTest(destination, actor);
  await transaction.appendAudit({ kind: "notice.test_sent", subject: name, payload: { notice_id: made.id } });
  return made;
}

/** Lets a destination get notices again. @throws DestinationNotFoundError */
export async function enableDestination(
  transaction: NoticeTransaction,
  destinations: Destinations,
  name: string,
): Promise<void> {
  findDestination(destinations, name);
  const state = await transaction.stateOf(name);
  if (!state?.disabledAt) return;
  await transaction.enable(name);
  await transaction.appendAudit({ kind: "destination.enabled", subject: name, payload: { reason: state.reason } });
}

function findDestination(destinations: Destinations, name: string): Destinations[number] {
  const found = destinations.find((one) => one.name === name);
  if (!found) throw new DestinationNotFoundError(name);
  return found;
}

async function requireEnabled(transaction: NoticeTransaction, name: string): Promise<void> {
  const state = await transaction.stateOf(name);
  if (state?.disabledAt) throw new DestinationDisabledError(name, state.reason);
}
