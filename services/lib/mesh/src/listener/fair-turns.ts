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
  // A Map iterates in insertion order: the connection whose turn it is comes first.
  const queues = new Map<object, Pieces>();
  let scheduled = false;

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(turn);
  };
  const turn = (): void => {
    scheduled = false;
    const end = now() + TURN_MS;
    let pieces = 0;
    for (const [connection, queue] of queues) {
      if (pieces >= TURN_PIECES || now() >= end) break;
      queues.delete(connection);
      const work = queue.list[queue.next++];
      // A connection that is inserted again during the iteration is visited again.
      if (queue.next < queue.list.length) queues.set(connection, queue);
      pieces++;
      work?.();
    }
    if (queues.size > 0) schedule();
  };
  return {
    add(connection, work) {
      const queue = queues.get(connection);
      if (queue) append(queue, work);
      else queues.set(connection, { list: [work], next: 0 });
      schedule();
    },
  };
}

interface Pieces {
  readonly list: (() => void)[];
  /** Index of the next piece in `list`. */
  next: number;
}

/** Appends work and removes the pieces that have run when they are half of the list. */
function append(queue: Pieces, work: () => void): void {
  if (queue.next > 64 && queue.next > queue.list.length / 2) {
    queue.list.splice(0, queue.next);
    queue.next = 0;
  }
  queue.list.push(work);
}
