import { type ArrivalEntry, ArrivalList } from "../call/arrival-list.ts";

/** Work that connections wait for. */
export interface FairTurns {
  /** Runs `work` in a later iteration of the event loop, after the earlier work of the same connection. */
  add(connection: object, work: () => void): void;
}

/**
 * Maximum time of one turn, ms. The event loop reads sockets between turns, so that a new connection is served
 * while others have much work.
 */
const TURN_MS = 5;
/** Maximum number of pieces of work in one turn: each may also leave work that runs after the turn. */
const TURN_PIECES = 100;

/**
 * Creates a queue that takes one piece of work from each connection in rotation. A connection that sends many
 * requests at once therefore delays its own requests, not those of others. `work` must not throw.
 */
export function createFairTurns(now: () => number = () => performance.now()): FairTurns {
  const queues = new WeakMap<object, Pieces>();
  /** Queues with work; the one whose turn it is comes first. */
  const rotation = new ArrivalList<Pieces>();
  let scheduled = false;

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(turn);
  };
  const turn = (): void => {
    scheduled = false;
    const end = now() + TURN_MS;
    for (let pieces = 0; pieces < TURN_PIECES && now() < end; pieces++) {
      const queue = rotation.first();
      if (queue?.place === undefined) return;
      rotation.remove(queue.place);
      const work = queue.list[queue.next];
      queue.list[queue.next++] = undefined;
      const hasMore = queue.next < queue.list.length;
      if (!hasMore) [queue.list, queue.next] = [[], 0];
      queue.place = hasMore ? rotation.add(queue) : undefined;
      work?.();
    }
    if (rotation.size > 0) schedule();
  };
  return {
    add(connection, work) {
      const queue = queues.get(connection) ?? { list: [], next: 0, place: undefined };
      queues.set(connection, queue);
      append(queue, work);
      queue.place ??= rotation.add(queue);
      schedule();
    },
  };
}

/** The work of one connection. */
interface Pieces {
  /** A piece that has run is undefined. */
  list: ((() => void) | undefined)[];
  /** Index of the next piece in `list`. */
  next: number;
  /** Place in the rotation. Undefined: the connection has no work. */
  place: ArrivalEntry<Pieces> | undefined;
}

/** Appends work and removes the pieces that have run when they are half of the list. */
function append(queue: Pieces, work: () => void): void {
  if (queue.next > 64 && queue.next > queue.list.length / 2) {
    queue.list.splice(0, queue.next);
    queue.next = 0;
  }
  queue.list.push(work);
}
