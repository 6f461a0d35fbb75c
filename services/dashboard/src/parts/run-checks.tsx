import { type BatchRun, CheckKind, CheckOutcome } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { Badge } from "./badges.tsx";
import { Wide } from "./wide.tsx";
import { wordOf } from "./words.ts";

const KIND_WORDS = {
  [CheckKind.ROWS]: "Number of rows",
  [CheckKind.SUPPLIERS]: "Number of suppliers",
  [CheckKind.SHARED_SUPPLIERS]: "Shared suppliers",
  [CheckKind.REJECTED_ROWS]: "Rejected rows",
  [CheckKind.SAME_CONTENT]: "Same content",
  [CheckKind.DATA_AGE]: "Age of the data",
  [CheckKind.MISSING_COLUMN]: "Empty column",
  [CheckKind.CONSTANT_COLUMN]: "Constant column",
  [CheckKind.UNIT]: "Unit",
  [CheckKind.RENAMED_COLUMN]: "Renamed column",
};

/** The checks of the input of a run. */
export function RunChecks({ run }: { run: BatchRun }) {
  return (
    <section className="card" aria-labelledby="checks">
      <h2 id="checks">Checks of the input</h2>
      {run.checks.length === 0 ? <p className="quiet">Not checked yet.</p> : <CheckTable checks={run.checks} />}
    </section>
  );
}

function CheckTable({ checks }: Pick<BatchRun, "checks">) {
  return (
    <Wide label="Checks of the input">
      <table className="stacks">
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
              <td className="why">{visibleText(detail)}</td>
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
