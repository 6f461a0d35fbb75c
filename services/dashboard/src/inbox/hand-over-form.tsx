import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { useId, useState } from "react";
import { Name } from "../parts/name.tsx";
import { NoteField } from "../parts/note-field.tsx";
import { useReader } from "../session/reader.ts";
import { useDraft } from "../session/use-draft.ts";
import { ActionForm, draftName, type FormProps } from "./action-form.tsx";
import { rememberOwner, suggestedOwners, usedOwners } from "./known-owners.ts";
import { useServedOwners } from "./use-served-owners.ts";

/** Maximum length of an owner in the contract: 128 bytes. */
const LONGEST_OWNER = 128;

/** Gives alerts to an owner, or to nobody. */
export function HandOverForm({ alerts, ...props }: FormProps & { readonly alerts: readonly Alert[] }) {
  const reader = useReader();
  const list = useId();
  const [owner, setOwner] = useState("");
  const [isNobody, setNobody] = useState(false);
  const [note, setNote, clearNote] = useDraft(draftName("handOver", props.targets));
  const [used] = useState(usedOwners);
  const served = useServedOwners(owner);
  const isTyped = owner.trim() !== "";
  const owners = suggestedOwners(isTyped ? [] : used, served, isTyped ? [] : alerts).filter(
    (one) => one !== reader.subject && one !== owner,
  );
  const hasOwner = props.targets.some((alert) => alert.owner !== "");
  return (
    <ActionForm
      {...props}
      action="Hand over"
      onSent={() => {
        rememberOwner(owner.trim());
        clearNote();
      }}
      decision={() => {
        const name = isNobody ? "" : owner.trim();
        return name === "" && !isNobody ? undefined : { kind: "assign", owner: name, note: note.trim() };
      }}
    >
      <label className="note">
        New owner
        <input
          type="text"
          data-first
          list={list}
          maxLength={LONGEST_OWNER}
          required={!isNobody}
          disabled={isNobody}
          autoComplete="off"
          value={owner}
          onChange={(event) => setOwner(event.target.value)}
        />
        <datalist id={list}>
          {owners.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </label>
      {(owners.length > 0 || reader.subject !== "") && (
        <p className="suggestions">
          {[reader.subject, ...owners].filter(Boolean).map((one) => (
            <button key={one} type="button" onClick={() => setOwner(one)}>
              {one === reader.subject ? "Me" : <Name>{one}</Name>}
            </button>
          ))}
        </p>
      )}
      {hasOwner && (
        <label className="check">
          <input type="checkbox" checked={isNobody} onChange={(event) => setNobody(event.target.checked)} />
          Nobody: take it from its owner
        </label>
      )}
      <NoteField label="Note for the new owner" value={note} onChange={setNote} />
    </ActionForm>
  );
}
