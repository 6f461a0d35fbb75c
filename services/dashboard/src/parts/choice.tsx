interface ChoiceProps<V extends number> {
  /** The values with their names, in the order shown. */
  readonly options: readonly (readonly [value: V, name: string])[];
  readonly value: V;
  readonly onChange: (value: V) => void;
  /** The label above the list. */
  readonly title?: string;
  /** The accessible label, if no label is visible. */
  readonly label?: string;
  /** Whether the list has the focus when its form is opened. */
  readonly isFirst?: boolean;
}

/** A list of values, of which one is chosen. */
export function Choice<V extends number>({ options, value, onChange, title, label, isFirst = false }: ChoiceProps<V>) {
  const list = (
    <select
      aria-label={label}
      data-first={isFirst || undefined}
      value={value}
      onChange={(event) => {
        const chosen = options[event.target.selectedIndex];
        if (chosen) onChange(chosen[0]);
      }}
    >
      {options.map(([one, name]) => (
        <option key={one} value={one}>
          {name}
        </option>
      ))}
    </select>
  );
  return title === undefined ? (
    list
  ) : (
    // biome-ignore lint/a11y/noLabelWithoutControl: the list is the control
    <label className="note">
      {title}
      {list}
    </label>
  );
}
