import { useEffect, useRef } from "react";
import { KEY_HELP } from "./inbox-keys.ts";

interface HelpSheetProps {
  readonly areLettersOn: boolean;
  readonly onLetters: (areOn: boolean) => void;
  readonly onClose: () => void;
}

/** The keys of the inbox. Keys of one character can be turned off, for speech input. */
export function HelpSheet({ areLettersOn, onLetters, onClose }: HelpSheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="help" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">Keys</h2>
      <dl className="keys">
        {KEY_HELP.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(", ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="check">
        <input type="checkbox" checked={areLettersOn} onChange={(event) => onLetters(event.target.checked)} />
        Keys of one character have an effect
      </label>
      <div className="dialog-actions">
        <button type="button" className="primary" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
