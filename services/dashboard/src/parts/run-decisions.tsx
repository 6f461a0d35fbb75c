import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { callUnaryMethod } from "@connectrpc/connect-query";
import { useRef, useState } from "react";
import { answersOf, ReasonForm } from "./reason-form.tsx";

/** A decision of an administrator about a run. */
type Decision = "approve" | "void";

const TITLES: Readonly<Record<Decision, string>> = { approve: "Approve the run", void: "Void the run" };
const CONSEQUENCES: Readonly<Record<Decision, string>> = {
  approve: "Its scores are published and its alerts are raised.",
  void: "None of its scores is shown, and alerts that it alone raised are closed.",
};

/** Buttons to approve and to void a held run; a press opens a form that asks for the reason and confirms. */
export function RunDecisions({ run }: { run: BatchRun }) {
  const [chosen, setChosen] = useState<Decision>();
  const buttons = useRef<HTMLDivElement>(null);
  const close = (): void => {
    setChosen(undefined);
    requestAnimationFrame(() => buttons.current?.querySelector("button")?.focus());
  };
  if (chosen) return <DecisionForm run={run} decision={chosen} onClose={close} />;
  const offered: readonly Decision[] = run.state === RunState.HELD && !run.approved ? ["approve", "void"] : ["void"];
  return (
    <div className="dialog-actions" ref={buttons}>
      {offered.map((decision) => (
        <button type="button" key={decision} onClick={() => setChosen(decision)}>
          {TITLES[decision]}…
        </button>
      ))}
    </div>
  );
}

interface DecisionFormProps {
  readonly run: BatchRun;
  readonly decision: Decision;
  readonly onClose: () => void;
}

function DecisionForm({ run: { runId, isoWeek }, decision, onClose }: DecisionFormProps) {
  const { approveRun, voidRun } = BatchService.method;
  return (
    <ReasonForm
      name={`${TITLES[decision]}: ${isoWeek}`}
      button={TITLES[decision]}
      text={`${CONSEQUENCES[decision]} The decision and its reason are recorded.`}
      draft={`run/${decision}/${runId}`}
      changed={[answersOf(BatchService)]}
      send={(transport, reason) =>
        decision === "approve"
          ? callUnaryMethod(transport, approveRun, { runId, reason })
          : callUnaryMethod(transport, voidRun, { runId, reason })
      }
      onClose={onClose}
      onDone={onClose}
    />
  );
}
