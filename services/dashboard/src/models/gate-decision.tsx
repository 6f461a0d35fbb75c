import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import type { GateResult } from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { callUnaryMethod } from "@connectrpc/connect-query";
import { useRef, useState } from "react";
import { timeText } from "../parts/format.ts";
import { Name } from "../parts/name.tsx";
import { ReasonForm } from "../parts/reason-form.tsx";
import { whyNotApproved } from "./gate-words.ts";
import { MoveButton } from "./move-button.tsx";
import { OF_VERSIONS } from "./version-decision.ts";

interface GateDecisionProps {
  readonly result: GateResult;
  /** The present champion. Empty: there is none. */
  readonly champion: string;
}

/** The decision about a result, or the buttons with which it is made. */
export function GateDecision({ result, champion }: GateDecisionProps) {
  const [isApproval, setApproval] = useState<boolean>();
  const buttons = useRef<HTMLDivElement>(null);
  const { decision, modelName, challenger: version, gateId } = result;
  const close = (): void => {
    setApproval(undefined);
    requestAnimationFrame(() => buttons.current?.querySelector("button")?.focus());
  };
  if (decision)
    return (
      <p role="status">
        <strong>{decision.isApproved ? "Approved" : "Rejected"}</strong> {timeText(decision.decidedAt)} by{" "}
        <Name>{decision.decidedBy}</Name>: <Name>{decision.reason}</Name>
      </p>
    );
  if (version === champion)
    return (
      <p className="quiet">{visibleText(`${version} became the champion without a decision about this result.`)}</p>
    );
  if (isApproval === undefined)
    return (
      <div className="moves" ref={buttons}>
        <MoveButton
          text={`Approve ${version}…`}
          why={whyNotApproved(result, champion)}
          onClick={() => setApproval(true)}
        />
        <MoveButton text={`Reject ${version}…`} why={undefined} onClick={() => setApproval(false)} />
      </div>
    );
  const { approvePromotion, rejectPromotion } = ModelPublishingService.method;
  return (
    <ReasonForm
      {...OF_VERSIONS}
      name={`${isApproval ? "Approve" : "Reject"} ${version}`}
      text={
        isApproval
          ? `${version} becomes the champion instead of ${champion}. It is checked first. Who, when and why are recorded with the result.`
          : `${champion} stays the champion. Who, when and why are recorded with the result.`
      }
      draft={`gate/${gateId}/${isApproval ? "approve" : "reject"}`}
      sendingText={isApproval ? "Checking the version…" : "Sending…"}
      send={(transport, reason) => {
        const request = { modelName, version, gateId, reason };
        return isApproval
          ? callUnaryMethod(transport, approvePromotion, request)
          : callUnaryMethod(transport, rejectPromotion, request);
      }}
      onClose={close}
      onDone={close}
    />
  );
}
