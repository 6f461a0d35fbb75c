import { useEffect, useRef } from "react";
import { countText } from "./format.ts";

/** Maximum length of a note in the contract, bytes. */
const MAX_BYTES = 2_000;

interface NoteFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly isRequired?: boolean;
  /** Whether the field has the focus when its form is opened. */
  readonly isFirst?: boolean;
}

/** A text for the history. A text that is too long is kept; its form cannot be sent until it is shorter. */
export function NoteField({ label, value, onChange, isRequired = false, isFirst = false }: NoteFieldProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const bytes = new TextEncoder().encode(value).length;
  const tooLong = bytes > MAX_BYTES ? `This text has ${countText(bytes)} bytes; at most 2,000 can be sent.` : "";
  useEffect(() => field.current?.setCustomValidity(tooLong), [tooLong]);
  return (
    <label className="note">
      {label}
      <textarea
        ref={field}
        rows={2}
        required={isRequired}
        aria-invalid={tooLong !== ""}
        value={value}
        data-first={isFirst || undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {tooLong && (
        <span className="problem" role="alert">
          {tooLong}
        </span>
      )}
    </label>
  );
}
