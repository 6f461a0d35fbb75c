import { type BatchRun, CheckKind, CheckOutcome, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useReader } from "../session/reader.ts";
import { Badge } from "./badges.tsx";
import { RunDecisions } from "./run-decisions.tsx";
import { Wide } from "./wide.tsx";
import { personText, wordOf } from "./words.ts";

const KIND_WORDS = {
  [CheckKind.ROWS]: "Number of rows",
  [CheckKind.SUPPLIERS]: "Number of suppliers",
  [CheckKind.REJECTED_ROWS]: "Rejected rows",
  [CheckKind.SAME_CONTENT]: "Same content as another week",
  [CheckKind.MISSING_COLUMN]: "Column without values",
  [CheckKind.CONSTANT_COLUMN]: "Column with a single value",
  [CheckKind.UNIT]: "Unit of a column",
  [CheckKind.RENAMED_COLUMN]: "Renamed column",
};

/** The checks of the input of a run and, while it is held, what an administrator can decide. */
export function RunChecks({ run }: { run: BatchRun }) {
  const { mayAdminister } = useReader();
  const isHeld = run.state === RunState.HELD;
  const { approved, voided } = run;
  return (
    <>
      {isHeld && !approved && (
        <div className="notice failure" role="alert">
          <strong>The run is held</strong>
          <p>
            A check of the input failed, so nothing is published.{" "}
            {mayAdminister ? "Approve or void it:" : "An administrator can approve or void it."}
          </p>
          {mayAdminister && <RunDecisions run={run} />}
        </div>
      )}
      {approved && (
        <Decided what={isHeld ? "Approved; the run goes on soon" : "Failed checks approved"} decision={approved} />
      )}
      {voided && <Decided what="Voided" decision={voided} />}
      <section className="card" aria-labelledby="checks">
        <h2 id="checks">Checks of the input</h2>
        {run.checks.length === 0 ? (
          <p className="quiet">The input has not been checked yet.</p>
        ) : (
          <CheckTable checks={run.checks} />
        )}
      </section>
    </>
  );
}

function Decided({ what, decision }: { what: string; decision: NonNullable<BatchRun["approved"]> }) {
  return (
    <div className="notice" role="note">
      <strong>
        {what} by <bdi>{visibleText(personText(decision.actor))}</bdi>
      </strong>
      <p>“{visibleText(decision.reason)}”</p>
    </div>
  );
}

function CheckTable({ checks }: Pick<BatchRun, "checks">) {
  return (
    <Wide label="Checks of the input">
      <table>
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">Column</th>
            <th scope="col">Result</th>
            <th scope="col">Figures</th>
          </tr>
        </thead>
        <tbody>
          {checks.map(({ kind, column, outcome, detail }) => (
            <tr key={`${kind}/${column}/${detail}`}>
              <th scope="row">{wordOf(KIND_WORDS, kind)}</th>
              <td>{visibleText(column)}</td>
              <td>
                <OutcomeBadge outcome={outcome} />
              </td>
              <td>{visibleText(detail)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function OutcomeBadge({ outcome }: { outcome: CheckOutcome }) {
  if (outcome === CheckOutcome.FAILED) return <Badge tone="urgent">Failed</Badge>;
  return outcome === CheckOutcome.PASSED ? <Badge tone="calm">Passed</Badge> : <Badge tone="quiet">Not possible</Badge>;
}
