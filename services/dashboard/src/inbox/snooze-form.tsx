import { useState } from "react";
import { DayField } from "../parts/day-field.tsx";
import { ActionForm, type FormProps } from "./action-form.tsx";
import { dayOf, endOfDay, endOfDayAfter, tomorrow } from "./until.ts";

const PERIODS = [
  { days: 7, name: "For a week" },
  { days: 14, name: "For two weeks" },
  { days: 30, name: "For 30 days" },
];
type Choice = number | "day" | "worse";

/** Snoozes alerts until a day, until they become worse, or until the first of both. No period is chosen before. */
export function SnoozeForm(props: FormProps) {
  const [choice, setChoice] = useState<Choice>();
  const [day, setDay] = useState(() => dayOf(endOfDayAfter(60, new Date())));
  const [untilWorse, setUntilWorse] = useState(true);
  const radio = (value: Choice, name: string, i: number) => (
    <label key={value}>
      <input type="radio" name="period" required checked={choice === value} onChange={() => setChoice(value)} />
      <span>
        <kbd>{i + 1}</kbd> {name}
      </span>
    </label>
  );
  return (
    <ActionForm
      {...props}
      action="Snooze"
      decision={() => {
        if (choice === undefined) return undefined;
        if (choice === "worse") return { kind: "snooze", untilWorse: true };
        const until = choice === "day" ? endOfDay(day) : endOfDayAfter(choice, new Date());
        return until && { kind: "snooze", until, untilWorse };
      }}
    >
      <fieldset className="choices">
        <legend>How long?</legend>
        {PERIODS.map(({ days, name }, i) => radio(days, name, i))}
        {radio("day", "Until a day", PERIODS.length)}
        {radio("worse", "Until it becomes worse", PERIODS.length + 1)}
      </fieldset>
      {choice === "day" && (
        <DayField label="Last day of the snooze" isRequired min={tomorrow(new Date())} value={day} onChange={setDay} />
      )}
      {choice !== "worse" && (
        <label className="check">
          <input type="checkbox" checked={untilWorse} onChange={(event) => setUntilWorse(event.target.checked)} />
          End sooner if it becomes worse
        </label>
      )}
    </ActionForm>
  );
}
