import { visibleText } from "@bellwether/reasons/visible-text";

/** What went wrong with a change. Empty: nothing. */
export function ProblemText({ problem }: { readonly problem: string }) {
  if (problem === "") return null;
  return (
    <p className="problem" role="alert">
      {visibleText(problem)}
    </p>
  );
}
