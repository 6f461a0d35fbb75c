import type { Alias } from "@bellwether/registry/aliases/alias-file";
import { eventIdOf } from "./event-id.ts";

/** A move of an alias as an event of the audit log. */
export interface AliasEvent {
  /**
   * Id that is computed from the move: every report of the same move has the same id, so that the audit log
   * stores it once.
   */
  readonly eventId: string;
  readonly kind: "model.alias_set";
  /** Who moved the alias, 1 to 256 bytes. */
  readonly actor: string;
  /** "model/NAME". */
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly occurredAtMs: number;
  readonly payload: {
    readonly model: string;
    readonly alias: string;
    readonly version: string;
    /** Version that the alias named before. Null when it named none, or the alias file no longer has it. */
    readonly previous_version: string | null;
    readonly reason: string;
  };
}

/** Maximum length of an actor: 256 bytes, and a UTF-8 character has at most four bytes. */
const MAX_ACTOR_CHARACTERS = 64;
const MAX_REASON_CHARACTERS = 1_000;

/** Returns the events of all moves that an alias file still has, oldest first. */
export function aliasEvents(model: string, moves: readonly Alias[]): AliasEvent[] {
  return moves.map((move, i) => {
    const { name: alias, version, setAt, setBy, reason } = move;
    const before = moves.slice(0, i).findLast((other) => other.name === alias);
    return {
      eventId: eventIdOf([model, alias, version, setAt, setBy, reason]),
      kind: "model.alias_set",
      actor: actorText(setBy),
      subject: `model/${model}`,
      occurredAtMs: Date.parse(setAt) || 0,
      payload: {
        ...{ model, alias, version },
        previous_version: before?.version ?? null,
        reason: reason.slice(0, MAX_REASON_CHARACTERS),
      },
    };
  });
}

/** Returns a name of the registry as an actor of the audit log. */
export const actorText = (name: string): string =>
  name.replaceAll("\0", "").slice(0, MAX_ACTOR_CHARACTERS) || "unknown";
