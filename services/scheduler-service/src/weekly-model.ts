import path from "node:path";
import { nameVariable } from "@bellwether/config/name-variable";
import { expandInput, hasWeekPlaceholder } from "@bellwether/contract/expand-input";
import { StorageError } from "@bellwether/files/storage-error";
import type { Queues } from "@bellwether/queue/open-queue";
import type { Logger } from "@bellwether/telemetry/logger";
import { resolveInput } from "./domain/input-file.ts";
import { inputUrlOf } from "./domain/input-url.ts";
import { queueNamesOf } from "./domain/queue-names.ts";
import { startWeeklyJobs, type WeeklyJobs, type WeeklyJobsConfig } from "./jobs/weekly-jobs.ts";
import { createWeeklyRunner, INPUT_COPIES, type WeeklySettings } from "./setup/create-weekly-runner.ts";
import type { ModelRuns } from "./setup/model-runs.ts";
import { weeksText } from "./setup/weeks-text.ts";
import { onDisk } from "./store/disk-error.ts";
import { createInputLook } from "./store/look-at-input.ts";
import { createObjectLook } from "./store/look-at-objects.ts";
import { openPauseFile } from "./store/pause-file.ts";

/** What the weekly runs of all models share. */
export interface SharedRuns
  extends Omit<WeeklySettings, keyof ModelRuns | "copiesFolder">,
    Pick<WeeklyJobsConfig, "lockMs" | "lookBackMs" | "inputCheckMs" | "scheduleCheckMs" | "now"> {
  /** Folder of the files that triggers may name, or URL of a folder in an object store. */
  readonly inputFolder: string;
  readonly logger: Logger;
}

/** How the start of the weekly jobs of a model reports what it finds. */
export interface ModelReports extends Required<Pick<WeeklyJobsConfig, "onDisk" | "onSchedule">> {
  /** Called with the state of the weeks and of the schedule, one line. */
  readonly onWeeks: (text: string) => void;
}

/** A model that is ready for its weekly runs. */
export interface WeeklyModel extends Disposable {
  readonly modelName: string;
  /** Null: the default model. */
  readonly furtherName: string | null;
  readonly runs: ModelRuns;
  /** Number of files that killed processes had left, and that were removed. */
  readonly swept: Readonly<Record<string, number>>;
  startJobs(queues: Queues, reports: ModelReports): Promise<WeeklyJobs>;
}

/** Longest time in which a trigger finds its objects, ms: shorter than its own time limit. */
const FIND_OBJECTS_MS = 5_000;

/** Returns the variables of the files of the default model, by their paths. */
const variablesOf = ({ modelConfig, featureMapping, riskPolicy }: ModelRuns): Readonly<Record<string, string>> => ({
  [modelConfig]: "BELLWETHER_MODEL_CONFIG",
  [featureMapping]: "BELLWETHER_FEATURE_MAPPING",
  ...(riskPolicy !== undefined && { [riskPolicy]: "BELLWETHER_RISK_POLICY" }),
});

/**
 * Reads the configuration of a model, and opens channels to the peers.
 * @param furtherName null: the default model, whose files and queues have the names of earlier releases
 * @throws ConfigError, InputPatternError, StorageError
 */
export async function openWeeklyModel(
  runs: ModelRuns,
  { inputFolder, logger, ...shared }: SharedRuns,
  furtherName: string | null,
): Promise<WeeklyModel> {
  const { input, inputMarker: marker = "none" } = runs;
  const places = { inputFolder, input };
  // A URL that cannot be used ends the start, not the first run. It is checked before its placeholders: their error shows it.
  const configured = inputUrlOf(input, places);
  hasWeekPlaceholder(input);
  if (configured !== null && marker === "sha256")
    throw new StorageError("WEEKLY_INPUT_MARKER=sha256 is for files; use done or none for objects");
  const copiesFolder = furtherName === null ? INPUT_COPIES : `${INPUT_COPIES}.${furtherName}`;
  const variables = furtherName === null ? variablesOf(runs) : {};
  const runner = await nameVariable(createWeeklyRunner({ ...shared, ...runs, copiesFolder }), variables);
  const findInput = async (named: string, week: string): Promise<string> => {
    const given = named === "" ? input : named;
    inputUrlOf(given, places);
    const expanded = expandInput(given, week);
    const url = inputUrlOf(expanded, places);
    if (url === null) return await onDisk(inputFolder, resolveInput(inputFolder, expanded));
    await runner.inputs.look(url, AbortSignal.timeout(FIND_OBJECTS_MS));
    return url;
  };
  const lookAtFile = createInputLook({ inputFolder, marker, find: (named) => findInput(named, "") });
  const lookAtObjects = createObjectLook({ inputs: runner.inputs, needsMarker: marker === "done" });
  const pauseFolder = path.join(shared.weeksFolder, furtherName ?? "");
  return {
    ...{ modelName: runner.modelName, furtherName, runs, swept: runner.swept },
    async startJobs(queues, { onWeeks, ...reports }) {
      // The jobs report the weeks already while they start.
      let started: WeeklyJobs | undefined;
      const noteWeeks = (): void => {
        const state = started?.weeks() ?? null;
        if (!started || state === null) return;
        // Without the queue there is no next run to name; the next look at the weeks notes it.
        started.schedule().then(
          (schedule) => onWeeks(weeksText(state, schedule)),
          () => {},
        );
      };
      const jobs = await startWeeklyJobs({
        ...shared,
        ...runs,
        ...reports,
        ...{ queues, runner, findInput, onWeeks: noteWeeks },
        logger: furtherName === null ? logger : logger.child({ model: furtherName }),
        queueName: queueNamesOf(furtherName).weekly,
        ...(furtherName !== null && { modelLabel: furtherName }),
        pauseFile: openPauseFile(path.join(pauseFolder, "schedule.json")),
        lookAtInput: async (named) => {
          const url = inputUrlOf(named, places);
          return url === null ? await lookAtFile(named) : await lookAtObjects(url);
        },
      });
      started = jobs;
      noteWeeks();
      return jobs;
    },
    [Symbol.dispose]: () => runner[Symbol.dispose](),
  };
}
