/** Maximum length of a note: the contract allows 2,000 bytes, and a character has at most four. */
const LONGEST_NOTE = 500;

interface NoteFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly isRequired?: boolean;
  /** Whether the field has the focus when its form is opened. */
  readonly isFirst?: boolean;
}

/** A text for the history of an alert. */
export function NoteField({ label, value, onChange, isRequired = false, isFirst = false }: NoteFieldProps) {
  return (
    <label className="note">
      {label}
      <textarea
        rows={2}
        maxLength={LONGEST_NOTE}
        required={isRequired}
        value={value}
        data-first={isFirst || undefined}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}
