import type { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { Badge } from "./badges.tsx";
import { RUN_STATE_WORDS, RUN_TONES } from "./run-words.ts";
import { wordOf } from "./words.ts";

/** Badge with the state of a run. */
export function RunStateBadge({ state }: { state: RunState }) {
  return <Badge tone={RUN_TONES[state] ?? "busy"}>{wordOf(RUN_STATE_WORDS, state)}</Badge>;
}
