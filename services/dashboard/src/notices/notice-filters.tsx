import { Choice } from "../parts/choice.tsx";
import { wordOf } from "../parts/words.ts";
import { goTo, type NoticesView } from "../routing/route.ts";
import { NOTICE_STATE_WORDS, STATES } from "./notice-words.ts";

const NAMES: readonly NoticesView["state"][] = ["", "waiting", "delivered", "dead"];

/** The state and the destination of the notices that are shown. */
export function NoticeFilters({ view, names }: { view: NoticesView; names: readonly string[] }) {
  const show = (change: Partial<NoticesView>): void => {
    goTo({ page: "notices", ...view, ...change });
  };
  // A destination that is not in the routes file any more can still have notices.
  const all = view.destination === "" || names.includes(view.destination) ? names : [...names, view.destination];
  const options = ["All destinations", ...all].map((name, at) => [at, name] as const);
  return (
    <form className="filters" aria-label="Filter notices" onSubmit={(event) => event.preventDefault()}>
      <fieldset>
        <legend>State</legend>
        {NAMES.map((state) => (
          <label key={state} className="chip">
            <input type="radio" name="state" checked={view.state === state} onChange={() => show({ state })} />
            {wordOf(NOTICE_STATE_WORDS, STATES[state])}
          </label>
        ))}
      </fieldset>
      <Choice
        label="Destination"
        options={options}
        value={all.indexOf(view.destination) + 1}
        onChange={(at) => show({ destination: all[at - 1] ?? "" })}
      />
    </form>
  );
}
