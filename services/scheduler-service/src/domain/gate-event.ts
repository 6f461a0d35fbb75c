import type { GateEntry } from "@bellwether/registry/aliases/gate-entry";
import { actorText } from "./alias-event.ts";
import { eventIdOf } from "./event-id.ts";

/** A result of the promotion gate, or a decision about one, as an event of the audit log. */
export interface GateEvent {
  /** Id that is computed from the result: the audit log stores the same result, and the same decision, once. */
  readonly eventId: string;
  readonly kind: "model.gated" | "model.promotion_approved" | "model.promotion_rejected";
  /** Who ran the gate or decided, 1 to 256 bytes. */
  readonly actor: string;
  /** "model/NAME". */
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly occurredAtMs: number;
  readonly payload: {
    readonly model: string;
    readonly version: string;
    readonly champion: string;
    readonly gate_id: string;
    readonly verdict: GateEntry["verdict"];
    /** Of a result: the checks that did not pass. Of a decision: why. */
    readonly reason: string;
  };
}

const DECIDED = { approved: "model.promotion_approved", rejected: "model.promotion_rejected" } as const;

/** Returns the events of all results and decisions that an alias file still has, oldest first. */
export function gateEvents(model: string, gates: readonly GateEntry[]): GateEvent[] {
  return gates
    .flatMap(({ id, version, champion, verdict, gatedAt, gatedBy, summary, decision }): GateEvent[] => {
      const subject = `model/${model}`;
      const about = { model, version, champion, gate_id: id, verdict };
      return [
        {
          ...{ eventId: eventIdOf([model, version, id]), kind: "model.gated", actor: actorText(gatedBy), subject },
          ...{ occurredAtMs: Date.parse(gatedAt) || 0, payload: { ...about, reason: summary } },
        },
        ...(decision === null
          ? []
          : [
              {
                eventId: eventIdOf([model, version, id, decision.outcome, decision.at, decision.by, decision.reason]),
                ...{ kind: DECIDED[decision.outcome], actor: actorText(decision.by), subject },
                ...{ occurredAtMs: Date.parse(decision.at) || 0, payload: { ...about, reason: decision.reason } },
              },
            ]),
      ];
    })
    .sort((a, b) => a.occurredAtMs - b.occurredAtMs);
}
