import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { ReplayOutcome, type ReplayPredictionResponse } from "@bellwether/gen/bellwether/ops/v1/replay_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery, useTransport } from "@connectrpc/connect-query";
import { useMemo, useState } from "react";
import { Badge, type Tone } from "../parts/badges.tsx";
import { countOf, countText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Wide } from "../parts/wide.tsx";
import { withTimeout } from "../rpc/transport.ts";

/** Deadline of the contract: an old version may have to be loaded first. */
const REPLAY_TIMEOUT_MS = 60_000;

/** Computes a recorded score again when the reader asks for it, and shows whether every bit is the same. */
export function Replay({ eventId }: { eventId: string }) {
  const usual = useTransport();
  const transport = useMemo(() => withTimeout(usual, REPLAY_TIMEOUT_MS), [usual]);
  const [isAsked, setAsked] = useState(false);
  const replayed = useQuery(
    AuditService.method.replayPrediction,
    { id: eventId },
    { transport, enabled: isAsked, staleTime: Number.POSITIVE_INFINITY },
  );
  const replay = (): void => {
    if (isAsked) void replayed.refetch();
    else setAsked(true);
  };
  return (
    <>
      <p>
        <button type="button" disabled={replayed.isFetching} onClick={replay}>
          Replay
        </button>{" "}
        <span className="quiet">
          computes the score again with the version that computed it, and compares every bit
        </span>
      </p>
      <div role="status">
        {replayed.isFetching ? (
          <Loading what="the replay" />
        ) : (
          replayed.data && !replayed.isError && <Result of={replayed.data} />
        )}
      </div>
      {replayed.isError && !replayed.isFetching && <Failure isExplanation error={replayed.error} onRetry={replay} />}
    </>
  );
}

const OUTCOMES: Readonly<Record<number, readonly [tone: Tone, word: string]>> = {
  [ReplayOutcome.EQUAL]: ["calm", "Equal"],
  [ReplayOutcome.DIFFERENT]: ["urgent", "Different"],
  [ReplayOutcome.NOT_REPLAYABLE]: ["careful", "Cannot be computed again"],
};

function Result({ of: { comparison, recordedRiskScore, replayedRiskScore } }: { of: ReplayPredictionResponse }) {
  if (!comparison) return null;
  const { outcome, decisions, numbers, numbersDifferent, differences, findings } = comparison;
  const [tone, word] = OUTCOMES[outcome] ?? (["quiet", `Unknown (${outcome})`] as const);
  return (
    <>
      <p>
        <Badge tone={tone}>{word}</Badge>{" "}
        {decisions > 0n &&
          `${countOf(decisions, "score")}, ${countOf(numbers, "number")} compared, ${countText(numbersDifferent)} with other bits.`}
        {recordedRiskScore !== undefined && ` Recorded score ${recordedRiskScore}`}
        {replayedRiskScore !== undefined && `, computed now ${replayedRiskScore}.`}
      </p>
      {findings.map(({ code, message }) => (
        <p key={`${code} ${message}`}>{visibleText(message)}</p>
      ))}
      {differences.length > 0 && (
        <Wide label="Numbers with other bits">
          <table className="stacks">
            <thead>
              <tr>
                <th scope="col">Number</th>
                <th scope="col">Recorded</th>
                <th scope="col">Computed now</th>
              </tr>
            </thead>
            <tbody>
              {differences.map(({ supplierId, field, recorded, replayed }) => (
                <tr key={`${supplierId} ${field}`}>
                  <th scope="row">
                    {visibleText(field)}
                    <small>{visibleText(supplierId)}</small>
                  </th>
                  <td className="labelled" data-label="Recorded">
                    <code className="long">{visibleText(recorded) || "none"}</code>
                  </td>
                  <td className="labelled" data-label="Computed now">
                    <code className="long">{visibleText(replayed) || "none"}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
    </>
  );
}
