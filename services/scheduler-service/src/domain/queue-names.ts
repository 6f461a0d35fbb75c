/** Id of the schedule of each model. Name of the queue of the default model, and of its BullMQ job scheduler. */
export const WEEKLY_SCHEDULE = "weekly";
/** Name of the queue of retrains of the default model. */
export const RETRAIN_QUEUE = "retrain";

/** The names of the queues of a model. */
export interface QueueNames {
  readonly weekly: string;
  readonly retrain: string;
}

/**
 * Returns the names of the queues of a model. They differ for each model, because the name of a model has no point.
 * @param modelName null: the default model, whose queues have the names of earlier releases
 */
export function queueNamesOf(modelName: string | null): QueueNames {
  const end = modelName === null ? "" : `.${modelName}`;
  return { weekly: `${WEEKLY_SCHEDULE}${end}`, retrain: `${RETRAIN_QUEUE}${end}` };
}

/** An id of a job of a further model: weekly.NAME-2026-W47, retrain.NAME-3, or that of a job of its schedule. */
const JOB_OF_MODEL = /^(?:repeat:)?(?:weekly|retrain)\.(?<model>[a-z0-9][a-z0-9-]{0,63})(?:-\d{4}-W\d{2}|-\d+|:\d+)$/;

/** Returns the name of the model of a job. Null: the default model, or the id has another form. */
export const modelOfJobId = (jobId: string): string | null => JOB_OF_MODEL.exec(jobId)?.groups?.model ?? null;

/** Whether an id is the id of a retrain job. */
export const isRetrainJobId = (jobId: string): boolean => /^retrain[.-]/.test(jobId);
