import { useState } from "react";

const KEY = "single-key-shortcuts";

/** Returns whether keys of one character have an effect, and a function that changes it for this browser. */
export function useLetters(): readonly [areOn: boolean, setOn: (areOn: boolean) => void] {
  const [areOn, setOn] = useState(() => {
    try {
      return localStorage.getItem(KEY) !== "off";
    } catch {
      // Storage is not allowed.
      return true;
    }
  });
  return [
    areOn,
    (next) => {
      setOn(next);
      try {
        localStorage.setItem(KEY, next ? "on" : "off");
      } catch {
        // The choice lasts until the page is closed.
      }
    },
  ];
}
