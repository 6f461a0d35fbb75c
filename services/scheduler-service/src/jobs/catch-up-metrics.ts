import { isoWeekStart } from "@bellwether/contract/iso-week";
import { metrics } from "@opentelemetry/api";
import type { CatchUpState } from "../domain/catch-up.ts";

/**
 * Reports the result of the last pass over the due weeks as metrics, until it is disposed.
 * @param model undefined: the default model, whose metrics have no name of a model
 */
export function reportCatchUp(state: () => CatchUpState | null, model: string | undefined): Disposable {
  const ofModel = model === undefined ? {} : { model };
  const meter = metrics.getMeter("bellwether.schedule");
  const weeks = meter.createObservableGauge("bellwether.schedule.weeks", {
    unit: "{week}",
    description:
      "Weeks by state: missed and failed (of the look-back), held (until a person decides), waiting (their time has come, and their run has not begun).",
  });
  const last = meter.createObservableGauge("bellwether.schedule.last_complete_week", {
    unit: "s",
    description: "Monday of the latest complete week, seconds since 1970. 0: no week is complete.",
  });
  const observeWeeks: Parameters<typeof weeks.addCallback>[0] = (result) => {
    const now = state();
    if (now === null) return;
    for (const kind of ["missed", "failed", "held", "waiting"] as const)
      result.observe(now[kind].length, { state: kind, ...ofModel });
  };
  const observeLast: Parameters<typeof last.addCallback>[0] = (result) => {
    const now = state();
    if (now !== null)
      result.observe(now.lastComplete === null ? 0 : Date.parse(isoWeekStart(now.lastComplete)) / 1_000, ofModel);
  };
  weeks.addCallback(observeWeeks);
  last.addCallback(observeLast);
  return {
    [Symbol.dispose]() {
      weeks.removeCallback(observeWeeks);
      last.removeCallback(observeLast);
    },
  };
}
