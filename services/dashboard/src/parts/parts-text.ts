import type { ScoreChangeParts } from "@bellwether/gen/bellwether/ops/v1/alert_pb";

/** Returns what of a change of a score follows from the data and from another model version. */
export function partsText(parts: ScoreChangeParts): string {
  const { beforeWeek, beforeVersion, afterVersion, dataScore, modelScore, notComputed } = parts;
  const versions = `Scored by ${afterVersion}; ${beforeWeek} was scored by ${beforeVersion}`;
  if (dataScore === undefined || modelScore === undefined)
    return `${versions}. How much of the change follows from the model is not known: ${notComputed}`;
  return `${versions}. Of the change, ${signed(dataScore)} follows from the data, ${signed(modelScore)} from the model.`;
}

const signed = (part: number): string => `${part < 0 ? "−" : "+"}${Math.abs(part).toFixed(2)}`;
