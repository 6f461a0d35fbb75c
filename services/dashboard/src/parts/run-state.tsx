import {
  type BatchRun,
  CheckOutcome,
  type RevisionChanges,
  type RunDecision,
  RunState,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import type { ReactNode } from "react";
import { hrefOf } from "../routing/route.ts";
import { useReader } from "../session/reader.ts";
import { CopiedCommand } from "./copied-command.tsx";
import { agoText, countOf, countText, scoreText, timeText } from "./format.ts";
import { RunDecisions } from "./run-decisions.tsx";
import { isLossFailure } from "./run-remarks.ts";
import { personText } from "./words.ts";

/** Number of failed checks that are named above the table of all checks. */
const NAMED_CHECKS = 3;

/** What the state of a run means, who decided what about it, and what can be done next. */
export function RunStateNotices({ run }: { run: BatchRun }) {
  const { approved, voided, supersedeRequested, changes } = run;
  const isHeld = run.state === RunState.HELD;
  return (
    <>
      {run.state === RunState.MISSED && <Missed run={run} />}
      {run.state === RunState.FAILED && <Failed run={run} />}
      {isHeld && !approved && <Held run={run} />}
      {approved && (
        <Decided
          what={isHeld ? "Approved: the run goes on within a minute" : "Published although checks failed: approved"}
          decision={approved}
        >
          {isHeld && (
            <>
              If the scheduler does not have the file, run it again: <RunCommand run={run} />
            </>
          )}
        </Decided>
      )}
      {voided && (
        <Decided what="Voided: none of its scores is shown" decision={voided}>
          To score the week again: <RunCommand run={run} />
        </Decided>
      )}
      {run.state === RunState.SUPERSEDED && <Superseded run={run} />}
      {supersedeRequested && (
        <Decided what="A new revision was requested" decision={supersedeRequested}>
          This run is shown until the new revision is complete. To make it: <RunCommand run={run} />
        </Decided>
      )}
      {changes && <Replaced run={run} changes={changes} />}
    </>
  );
}

/** The button with which an administrator withdraws a run that has ended. A held run has it in its notice. */
export function VoidEndedRun({ run }: { run: BatchRun }) {
  const { mayAdminister } = useReader();
  if (!mayAdminister || (run.state !== RunState.COMPLETE && run.state !== RunState.FAILED)) return null;
  return <RunDecisions run={run} />;
}

function Missed({ run }: { run: BatchRun }) {
  const { isoWeek, missedReason, startedAt } = run;
  return (
    <div className="notice failure" role="alert">
      <strong>{`${isoWeek} was missed: no supplier has a score of this week`}</strong>
      <p>
        Why: {visibleText(missedReason)}. Recorded {timeText(startedAt)}, {agoText(startedAt, Date.now())}. The scores
        and alerts of the latest complete week are still shown, and the next weeks are run as usual.
      </p>
      <p>
        When the file is there, run the week: <RunCommand run={run} />
      </p>
      <p>
        Or, if it is in the input folder of the scheduler:{" "}
        <CopiedCommand>{`npx bellwether weekly trigger --week ${isoWeek} --input FILE`}</CopiedCommand>
      </p>
    </div>
  );
}

function Failed({ run }: { run: BatchRun }) {
  return (
    <div className="notice failure" role="alert">
      <strong>The run failed</strong>
      <p>
        {visibleText(run.failure)}
        {!isLossFailure(run) && ". Run the week again: scored parts are kept."}
      </p>
    </div>
  );
}

function Held({ run }: { run: BatchRun }) {
  const { mayAdminister } = useReader();
  const failed = run.checks.filter(({ outcome }) => outcome === CheckOutcome.FAILED).slice(0, NAMED_CHECKS);
  const more = run.checksFailed - failed.length;
  return (
    <div className="notice failure" role="alert">
      <strong>The run is held: nothing of it is published</strong>
      <p>{countOf(run.checksFailed, "check")} of the input failed:</p>
      <ul className="failed-checks">
        {failed.map(({ kind, column, detail }) => (
          <li key={`${kind}/${column}/${detail}`}>{visibleText(column === "" ? detail : `${column}: ${detail}`)}</li>
        ))}
        {more > 0 && <li>and {countText(more)} more, in the table below</li>}
      </ul>
      <p>
        {mayAdminister
          ? "Approve it if the file is right, else void it or run a corrected file:"
          : "An administrator approves or voids the run. Or run a corrected file:"}{" "}
        <RunCommand run={run} />
      </p>
      {mayAdminister && <RunDecisions run={run} />}
    </div>
  );
}

function Superseded({ run }: { run: BatchRun }) {
  return (
    <div className="notice" role="note">
      <strong>{`Superseded: another revision of ${run.isoWeek} is shown`}</strong>
      <p>
        <RevisionLink run={run} runId={run.supersededByRunId}>
          Show the other revision
        </RevisionLink>
      </p>
    </div>
  );
}

function Replaced({ run, changes }: { run: BatchRun; changes: RevisionChanges }) {
  const { suppliers, scoresChanged, bandsChanged, suppliersAdded, suppliersRemoved, maxScoreChange } = changes;
  const { alertsRaised, alertsCleared, alertsChanged } = changes;
  const scores =
    scoresChanged === 0n
      ? `No score of ${countOf(suppliers, "supplier")} changed`
      : `${countOf(scoresChanged, "score")} of ${countOf(suppliers, "supplier")} changed, by at most ${scoreText(maxScoreChange)}, and ${countOf(bandsChanged, "band")}`;
  return (
    <div className="notice" role="note">
      <strong>{`Revision ${run.revision} replaced an earlier run of ${run.isoWeek}`}</strong>
      <p>
        {scores}. {countOf(suppliersAdded, "supplier")} added, {countText(suppliersRemoved)} removed.{" "}
        {countOf(alertsRaised?.count ?? 0, "alert")} raised, {countText(alertsCleared?.count ?? 0)} cleared,{" "}
        {countText(alertsChanged?.count ?? 0)} with another severity.
      </p>
      <p>
        <RevisionLink run={run} runId={run.supersedesRunId}>
          Show the run that it replaced
        </RevisionLink>
      </p>
    </div>
  );
}

interface RevisionLinkProps {
  readonly run: BatchRun;
  readonly runId: number | undefined;
  readonly children: string;
}

function RevisionLink({ run: { isoWeek, modelName }, runId, children }: RevisionLinkProps) {
  if (runId === undefined) return null;
  return <a href={hrefOf({ page: "run", isoWeek, modelName, runId })}>{children}</a>;
}

interface DecidedProps {
  readonly what: string;
  readonly decision: RunDecision;
  readonly children?: ReactNode;
}

function Decided({ what, decision: { actor, reason, decidedAt }, children }: DecidedProps) {
  return (
    <div className="notice" role="note">
      <strong>{what}</strong>
      <p>
        By <bdi>{visibleText(personText(actor))}</bdi>, {timeText(decidedAt)}: “{visibleText(reason)}”
      </p>
      {children && <p>{children}</p>}
    </div>
  );
}

const RunCommand = ({ run: { isoWeek } }: { run: BatchRun }) => (
  <CopiedCommand>{`npx bellwether weekly run --week ${isoWeek} --input FILE`}</CopiedCommand>
);
