import { visibleText } from "@bellwether/reasons/visible-text";

/** Returns the details of an event, one value a line, with visible control characters. A text that is not JSON stays as it is. */
export function payloadText(payloadJson: string): string {
  return visibleText(indented(payloadJson), true);
}

function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
