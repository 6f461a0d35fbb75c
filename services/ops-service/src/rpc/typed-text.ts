import { trimReason } from "@bellwether/contract/reason-text";
import { TypedTextError } from "../domain/ops-error.ts";
import { hasOrderControls, ORDER_CONTROLS_REASON } from "../domain/order-controls.ts";

/**
 * Returns a text that a person typed, without white space and invisible characters at its ends.
 * @throws TypedTextError when readers would see another text than the one that is stored
 */
export function typedText(text: string, field = "reason"): string {
  return trimReason(checkedText(text, field));
}

/** Returns the text as it is. @throws TypedTextError, as `typedText` */
export function checkedText(text: string, field: string): string {
  if (hasOrderControls(text)) throw new TypedTextError(field, ORDER_CONTROLS_REASON);
  return text;
}
