import { AlertSeverity, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { type AlertFilter, hrefOf } from "../routing/route.ts";
import { SEVERITY_WORDS, STATE_WORDS, wordOf } from "./words.ts";

const STATES = [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.IN_MITIGATION, AlertState.RESOLVED];
const SEVERITIES = [AlertSeverity.WARNING, AlertSeverity.CRITICAL];

/**
 * Selects the alerts that are shown. The filter is part of the address, so that it can be bookmarked and
 * sent.
 */
export function AlertFilters({ filter }: { filter: AlertFilter }) {
  const show = (change: Partial<AlertFilter>): void => {
    window.location.hash = hrefOf({ page: "alerts", filter: { ...filter, ...change } });
    // The browser sends its own event one task later: until then the checkbox would show its old state.
    window.dispatchEvent(new Event("hashchange"));
  };
  const toggle = (state: AlertState): void => {
    const states = STATES.filter((one) => (one === state) !== filter.states.includes(one));
    // Without any state the list would be empty, so the last state stays selected.
    if (states.length > 0) show({ states });
  };
  return (
    <form className="filters" aria-label="Filter alerts">
      <fieldset>
        <legend>State</legend>
        {STATES.map((state) => (
          <label key={state} className="chip">
            <input type="checkbox" checked={filter.states.includes(state)} onChange={() => toggle(state)} />
            {wordOf(STATE_WORDS, state)}
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Severity</legend>
        {[AlertSeverity.UNSPECIFIED, ...SEVERITIES].map((severity) => (
          <label key={severity} className="chip">
            <input
              type="radio"
              name="severity"
              checked={filter.severity === severity}
              onChange={() => show({ severity })}
            />
            {severity === AlertSeverity.UNSPECIFIED ? "All" : wordOf(SEVERITY_WORDS, severity)}
          </label>
        ))}
      </fieldset>
      {filter.modelName && (
        <p className="quiet">
          Model {filter.modelName}.{" "}
          <a href={hrefOf({ page: "alerts", filter: { ...filter, modelName: "" } })}>All models</a>
        </p>
      )}
    </form>
  );
}
