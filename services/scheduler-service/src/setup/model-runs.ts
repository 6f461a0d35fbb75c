import type { InputMarker } from "../domain/seen-input.ts";
import type { WeeklySettings } from "./create-weekly-runner.ts";

/** What each model has of its own: its files, its schedule and its weekly file. */
export interface ModelRuns extends Pick<WeeklySettings, "modelConfig" | "featureMapping" | "riskPolicy"> {
  readonly cron: string;
  readonly timeZone: string;
  /**
   * Weekly file, relative to the input folder, or URL of an object, of the schedule and of a trigger that names none.
   * {week} and {date} in it become the ISO week and its Monday.
   */
  readonly input: string;
  /** Which file beside the weekly file says that it is whole. Default: none. */
  readonly inputMarker?: InputMarker;
  /** Time after a tick until which the weekly file is waited for, milliseconds. Default 24 hours. */
  readonly inputDeadlineMs?: number;
}
