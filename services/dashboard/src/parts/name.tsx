import { visibleText } from "@bellwether/reasons/visible-text";

/** A text from outside, such as a supplier's name: its direction does not affect the text around it. */
export function Name({ children }: { children: string }) {
  return <bdi>{visibleText(children)}</bdi>;
}
