import { modelOfJobId } from "./queue-names.ts";
import { ModelNotConfiguredError } from "./scheduler-error.ts";

/** The models of the scheduler. */
export interface ModelsByName<M> {
  /** The default model first. */
  readonly all: readonly M[];
  /** Returns the model that a request names. Empty: the default model. @throws ModelNotConfiguredError */
  choose(modelName: string): M;
  /** Returns the model of a job. @throws ModelNotConfiguredError when the model of the job is not configured any more */
  ofJob(jobId: string): M;
}

/** Creates the models of the scheduler. */
export function createModelsByName<M extends { readonly modelName: string }>(
  first: M,
  further: readonly M[],
): ModelsByName<M> {
  const all = [first, ...further];
  const find = (modelName: string): M => {
    const found = all.find((one) => one.modelName === modelName);
    if (found === undefined)
      throw new ModelNotConfiguredError(
        modelName,
        all.map((one) => one.modelName),
      );
    return found;
  };
  return {
    all,
    choose: (modelName) => (modelName === "" ? first : find(modelName)),
    ofJob(jobId) {
      const modelName = modelOfJobId(jobId);
      return modelName === null ? first : find(modelName);
    },
  };
}
