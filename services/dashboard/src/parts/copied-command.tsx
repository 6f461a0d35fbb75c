import { useRef, useState } from "react";

/** A command with a button that copies it; where the browser does not allow that, the button selects it. */
export function CopiedCommand({ children }: { children: string }) {
  const shown = useRef<HTMLElement>(null);
  const [result, setResult] = useState("");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(children);
      setResult("Copied");
    } catch {
      if (shown.current) window.getSelection()?.selectAllChildren(shown.current);
      setResult("Selected");
    }
  };
  return (
    <span className="command">
      <code ref={shown}>{children}</code>{" "}
      <button type="button" aria-label={`Copy ${children}`} onClick={() => void copy()}>
        Copy
      </button>{" "}
      <span role="status">{result}</span>
    </span>
  );
}
