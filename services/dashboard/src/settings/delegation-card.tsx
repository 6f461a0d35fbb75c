import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { type Delegation, DelegationService } from "@bellwether/gen/bellwether/ops/v1/delegation_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { callUnaryMethod, createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { DayField } from "../parts/day-field.tsx";
import { timeText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { failureText } from "../rpc/failure-text.ts";
import { useBlockedReason } from "../rpc/live.ts";
import { useReader } from "../session/reader.ts";
import { resultText } from "./delegation-text.ts";

const MAX_SUGGESTED = 8;

/** Who takes care of the reader's alerts while the reader is away, and for whom the reader does. */
export function DelegationCard() {
  const { subject } = useReader();
  const list = useQuery(DelegationService.method.listDelegations, { person: subject });
  const [said, setSaid] = useState("");
  const queries = useQueryClient();
  const changed = async (text: string): Promise<void> => {
    setSaid(text);
    const schema = DelegationService.method.listDelegations;
    await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema, cardinality: "finite" }) });
  };
  return (
    <section className="card" aria-labelledby="delegation">
      <h2 id="delegation">While I am away</h2>
      <p className="quiet">
        A deputy has your alerts in the tab Mine, and gets your notices. You stay their owner, and alerts that you have
        from somebody else are not handed on.
      </p>
      {list.isPending && <Loading what="the delegations" />}
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.delegations.map((one) => (
        <OneDelegation key={one.delegationId} delegation={one} subject={subject} onChanged={changed} />
      ))}
      <DelegationForm onChanged={changed} />
      <p role="status">{visibleText(said)}</p>
    </section>
  );
}

type OnChanged = (text: string) => Promise<void>;

function OneDelegation(props: { delegation: Delegation; subject: string; onChanged: OnChanged }) {
  const { delegation, subject, onChanged } = props;
  const { delegationId, owner, deputy, startsAt, endsAt, reason } = delegation;
  const transport = useTransport();
  const blocked = useBlockedReason();
  const end = async (): Promise<void> => {
    if (blocked !== undefined) return;
    const done = await callUnaryMethod(transport, DelegationService.method.endDelegation, { delegationId }).then(
      () => "The delegation has ended.",
      failureText,
    );
    await onChanged(done);
  };
  const who =
    deputy === subject
      ? `You are the deputy of ${visibleText(owner)}`
      : `${visibleText(deputy)} is the deputy of ${visibleText(owner)}`;
  return (
    <p>
      {who} from {timeText(startsAt)} to {timeText(endsAt)}: {visibleText(reason)}{" "}
      <button type="button" onClick={() => void end()}>
        End it now
      </button>
    </p>
  );
}

function DelegationForm({ onChanged }: { onChanged: OnChanged }) {
  const transport = useTransport();
  const blocked = useBlockedReason();
  const names = useId();
  const [deputy, setDeputy] = useState("");
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const suggested = useQuery(
    AlertService.method.suggestOwners,
    { prefix: deputy.trim(), limit: MAX_SUGGESTED },
    { placeholderData: keepPreviousData, retry: false },
  );
  const owners = suggested.data?.owners.map(({ owner }) => owner) ?? [];
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (blocked !== undefined) return;
    const endsAt = timestampFromDate(new Date(`${until}T23:59:59`));
    const request = { deputy: deputy.trim(), reason: reason.trim(), endsAt };
    try {
      const answer = await callUnaryMethod(transport, DelegationService.method.setDelegation, request);
      setDeputy("");
      setUntil("");
      setReason("");
      await onChanged(resultText(answer));
    } catch (error) {
      await onChanged(failureText(error));
    }
  };
  return (
    <form onSubmit={(event) => void send(event)}>
      <label className="note">
        Deputy
        <input
          type="text"
          list={names}
          required
          maxLength={128}
          autoComplete="off"
          value={deputy}
          onChange={(event) => setDeputy(event.target.value)}
        />
        <datalist id={names}>
          {owners.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </label>
      <DayField label="Last day" isRequired value={until} onChange={setUntil} />
      <label className="note">
        Reason
        <input
          type="text"
          required
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      <button type="submit" className="primary" disabled={blocked !== undefined} title={blocked}>
        Hand over my alerts
      </button>
    </form>
  );
}
