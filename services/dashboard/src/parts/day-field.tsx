interface DayFieldProps {
  readonly label: string;
  /** "2026-12-24"; empty: no day. */
  readonly value: string;
  readonly onChange: (day: string) => void;
  /** First day that can be chosen. */
  readonly min?: string;
  readonly isRequired?: boolean;
}

/** A field for a day. Without a maximum, browsers take years of six digits, which are no day. */
export function DayField({ label, value, onChange, min, isRequired = false }: DayFieldProps) {
  return (
    <label className="note">
      {label}
      <input
        type="date"
        required={isRequired}
        min={min}
        max="9999-12-31"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}
