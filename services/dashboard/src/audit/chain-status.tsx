import { AuditService, type VerifyChainResponse } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery, useTransport } from "@connectrpc/connect-query";
import { useMemo, useState } from "react";
import { Badge } from "../parts/badges.tsx";
import { countOf, countText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { withTimeout } from "../rpc/transport.ts";

/** Deadline of the contract: a log of a million records takes some seconds. */
const VERIFY_TIMEOUT_MS = 600_000;

/** Whether every record has the hash of the record before it. It is computed when the reader asks for it. */
export function ChainStatus() {
  const usual = useTransport();
  const transport = useMemo(() => withTimeout(usual, VERIFY_TIMEOUT_MS), [usual]);
  const [asked, setAsked] = useState<"whole" | "new">();
  const verified = useQuery(
    AuditService.method.verifyChain,
    { incremental: asked === "new" },
    { transport, enabled: asked !== undefined, staleTime: 0 },
  );
  const verify = (what: "whole" | "new"): void => {
    if (asked === what) void verified.refetch();
    else setAsked(what);
  };
  return (
    <section className="card" aria-labelledby="chain">
      <h2 id="chain">Chain</h2>
      <p className="quiet">
        Each record has the hash of the record before it, so that a later change shows. Verifying computes the hashes
        again and compares them with the signed checkpoints.
      </p>
      <div className="moves">
        <button type="button" className="primary" disabled={verified.isFetching} onClick={() => verify("whole")}>
          Verify the log
        </button>
        <button type="button" disabled={verified.isFetching} onClick={() => verify("new")}>
          Verify what is new
        </button>
      </div>
      <div role="status">
        {verified.isFetching ? (
          <Loading what="the result" />
        ) : (
          verified.data && !verified.isError && <Result result={verified.data} />
        )}
      </div>
      {verified.isError && !verified.isFetching && asked && (
        <Failure error={verified.error} onRetry={() => verify(asked)} />
      )}
    </section>
  );
}

function Result({ result }: { result: VerifyChainResponse }) {
  const { holds, records, headHash, verifiedAfter, erasedPayloads, checkpoints, newestCheckpoint } = result;
  const count = records > verifiedAfter ? records - verifiedAfter : 0n;
  return (
    <>
      <p>
        {holds ? <Badge tone="calm">Holds</Badge> : <Badge tone="urgent">Broken</Badge>}{" "}
        {count === 0n
          ? "No further record was verified."
          : `Records ${countText(verifiedAfter + 1n)} to ${countText(records)} are as they were recorded.`}
        {!holds && ` ${brokenText(result)}`}
      </p>
      <p className="quiet">
        {`${countOf(checkpoints, "checkpoint")} compared, ${countOf(erasedPayloads, "record")} with erased details. `}
        {newestCheckpoint
          ? `The newest checkpoint is of record ${countText(newestCheckpoint.sequence)}, ${visibleText(newestCheckpoint.createdAt)}, key ${visibleText(newestCheckpoint.keyId)}.`
          : "No checkpoint was signed yet: a log that is cut at its end would not show."}
      </p>
      {result.rewritableReason !== "" && (
        <p className="notice stale" role="note">
          <strong>The database role can change records.</strong> {visibleText(result.rewritableReason)}
        </p>
      )}
      <p className="quiet">
        Last verified hash: <code className="long">{headHash}</code>
      </p>
    </>
  );
}

function brokenText({ firstBrokenSequence, firstBrokenReason, firstBrokenEventId }: VerifyChainResponse): string {
  const record = firstBrokenSequence === undefined ? "A record" : `Record ${countText(firstBrokenSequence)}`;
  const event = firstBrokenEventId === "" ? "" : ` (event ${firstBrokenEventId})`;
  const reason = firstBrokenReason === "" ? "it was changed, or is missing" : firstBrokenReason;
  return visibleText(`${record}${event}: ${reason}. Keep a copy of the database, and compare it with a backup.`);
}
