import type { WeekCount } from "@bellwether/ingest/training/week-rows";
import { countText } from "@bellwether/reasons/count-text";
import type { TrainUsage } from "@bellwether/scoring/training/train-messages";

/** What a training from weekly runs has read, and what it has used. */
export interface FromWeeks {
  readonly weeks: readonly WeekCount[];
  readonly lines: readonly string[];
  readonly usage: TrainUsage;
}

const MIB = 2 ** 20;

/** Returns it in lines for people. */
export function fromWeeksLines({ weeks, lines, usage }: FromWeeks): string[] {
  const sum = (of: "rows" | "labelled" | "positives"): number => weeks.reduce((total, week) => total + week[of], 0);
  const silent = weeks.filter(({ labelled }) => labelled === 0).map(({ week }) => week);
  return [
    `weeks: ${countText(weeks.length, "week")} from ${weeks[0]?.week} to ${weeks.at(-1)?.week}, ${sum("rows")} rows, ${sum("labelled")} with a label, ${sum("positives")} with the risk`,
    ...(silent.length === 0
      ? []
      : [`weeks without any label, not used: ${silent.slice(0, 12).join(", ")}${silent.length > 12 ? ", …" : ""}`]),
    ...lines,
    `child process: ${Math.ceil(usage.peakRssBytes / MIB)} MiB of memory, ${usage.cpuSeconds.toFixed(1)} s of the processor`,
  ];
}

/** Returns it as JSON has it. */
export const fromWeeksJson = ({ weeks, lines, usage }: FromWeeks) => ({
  weeks,
  notes: lines,
  peak_rss_bytes: usage.peakRssBytes,
  cpu_seconds: usage.cpuSeconds,
});
