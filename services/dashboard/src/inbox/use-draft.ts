import { useState } from "react";

/** Maximum length of a stored text: the contract allows 2,000 bytes. */
const MAX_LENGTH = 2_000;

/**
 * A text that a reader types. It is stored until it is sent or thrown away, so that nothing typed is lost when
 * the page is loaded again, for example to sign in.
 * @param name identifies the field and the alert
 */
export function useDraft(name: string): readonly [text: string, setText: (text: string) => void, clear: () => void] {
  const key = `draft/${name}`;
  const [text, setText] = useState(() => read(key));
  const change = (next: string): void => {
    setText(next);
    store(key, next);
  };
  return [text, change, () => store(key, "")];
}

function read(key: string): string {
  try {
    return (sessionStorage.getItem(key) ?? "").slice(0, MAX_LENGTH);
  } catch {
    // The browser does not allow storage: the text is kept as long as the form is open.
    return "";
  }
}

function store(key: string, text: string): void {
  try {
    if (text === "") sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
  } catch {
    // As in `read`.
  }
}
