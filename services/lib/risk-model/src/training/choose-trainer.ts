import type { ModelSpec } from "@bellwether/config/model-spec";
import { logistic } from "../calibrate/logistic.ts";
import { logLoss } from "../evaluate/metrics.ts";
import { checkClasses } from "./check-classes.ts";
import { crossFit } from "./cross-fit.ts";
import type { FitTask } from "./fit-model.ts";
import { supplierFolds, timeFolds } from "./folds.ts";
import { NoRowsError } from "./training-error.ts";

type Trainer = ModelSpec["trainer"];

/** One combination of a grid, with its quality on rows that it was not trained on. */
export interface TrainerChoice {
  /** Value of each setting in this combination, for example of maxDepth. */
  readonly settings: Readonly<Record<string, number>>;
  /** Mean log loss of the held-out rows, before calibration; NaN when no fold could be trained. */
  readonly logLoss: number;
  /** Number of trees, which early stopping may reduce. */
  readonly trees: number;
}

/** How a trainer was chosen from a grid. */
export interface GridSearch {
  /** "forward in time": each fold is later than the rows of its model. */
  readonly folds: "forward in time" | "by supplier";
  /** Number of held-out rows. */
  readonly rows: number;
  /** In the order of the grid. */
  readonly choices: readonly TrainerChoice[];
  /** Index of the choice with the smallest log loss, the first of several. */
  readonly chosen: number;
}

/** Called after each choice of a grid. */
export type GridProgress = (done: number, total: number) => void;

/** Returns the trainer of each combination of a grid; the trainer itself when it declares none. */
export function trainersOf({
  grid,
  ...trainer
}: Trainer): { readonly trainer: Trainer; readonly settings: Record<string, number> }[] {
  const lists = Object.entries(grid ?? {}).filter(
    (entry): entry is [string, readonly number[]] => entry[1] !== undefined,
  );
  const combinations = lists.reduce<readonly Record<string, number>[]>(
    (partial, [name, values]) => partial.flatMap((settings) => values.map((value) => ({ ...settings, [name]: value }))),
    [{}],
  );
  return combinations.map((settings) => ({ settings, trainer: { ...trainer, ...settings } as Trainer }));
}

/**
 * Chooses the combination of a grid with the smallest log loss on held-out rows of the training side: of folds forward in
 * time with the purge gap, or, without time, of folds by supplier. Test rows have no part in it.
 * @param rows Rows on which the final model is trained.
 * @returns null when the trainer declares no grid
 * @throws OneClassError, TooFewRowsError as `fitModel`; NoRowsError when no fold has enough rows of both classes
 */
export async function chooseTrainer(
  task: FitTask,
  rows: Uint32Array,
  onChoice: GridProgress = () => {},
): Promise<{ readonly trainer: Trainer; readonly search: GridSearch } | null> {
  const { spec, table } = task;
  if (spec.trainer.grid === undefined) return null;
  checkClasses(
    "training",
    Uint8Array.from(rows, (row) => table.labels[row]),
    spec.target,
  );
  const forward = timeFolds(table, rows, spec.split);
  const folds = forward.length > 0 ? forward : supplierFolds(table, rows, spec.seed);
  const trainers = trainersOf(spec.trainer);
  const choices: TrainerChoice[] = [];
  let held = 0;
  for (const { trainer, settings } of trainers) {
    const fitted = await crossFit({ ...task, spec: { ...spec, trainer } }, folds, null);
    const outputs = trainer.kind === "gradient_boosting" ? fitted.outputs.map(logistic) : fitted.outputs;
    choices.push({ settings, logLoss: logLoss(outputs, fitted.labels), trees: fitted.trees });
    held = fitted.rows.length;
    onChoice(choices.length, trainers.length);
  }
  const chosen = choices.reduce((best, { logLoss: loss }, i) => (loss < choices[best].logLoss ? i : best), 0);
  if (Number.isNaN(choices[chosen].logLoss)) throw new NoRowsError("training");
  return {
    trainer: trainers[chosen].trainer,
    search: { folds: forward.length > 0 ? "forward in time" : "by supplier", rows: held, choices, chosen },
  };
}

/** Returns the choices in lines for people, the chosen one first. */
export function gridLines({ folds, rows, choices, chosen }: GridSearch): string[] {
  const text = ({ settings, logLoss: loss, trees }: TrainerChoice): string =>
    `${Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ")}: log loss ${loss.toFixed(4)}, ${trees} trees`;
  const others = choices.filter((_, i) => i !== chosen).map(text);
  return [
    `chosen of ${choices.length} by log loss on ${rows} rows held out ${folds}: ${text(choices[chosen])}`,
    ...others.map((line) => `not chosen: ${line}`),
  ];
}
