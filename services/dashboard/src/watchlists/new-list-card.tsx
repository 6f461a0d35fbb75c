import { WatchlistService, WatchlistVisibility } from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { type FormEvent, useState } from "react";
import { ProblemText } from "./problem-text.tsx";
import { useChange } from "./use-change.ts";

const { PRIVATE, SHARED } = WatchlistVisibility;

/** A form for a new list. What was typed stays until the list is created. */
export function NewListCard() {
  const transport = useTransport();
  const { change, isSending, problem } = useChange();
  const [name, setName] = useState("");
  const [note, setNote] = useState("");
  const [isShared, setIsShared] = useState(false);
  const create = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const request = { name, note, visibility: isShared ? SHARED : PRIVATE };
    const made = await change(() => callUnaryMethod(transport, WatchlistService.method.createWatchlist, request));
    if (!made) return;
    setName("");
    setNote("");
    setIsShared(false);
  };
  return (
    <section className="card" aria-labelledby="new-list">
      <h2 id="new-list">New list</h2>
      <form className="action-form" aria-labelledby="new-list" onSubmit={(event) => void create(event)}>
        <label className="note">
          Name
          <input value={name} maxLength={100} required onChange={(event) => setName(event.target.value)} />
        </label>
        <label className="note">
          Note
          <input value={note} maxLength={500} onChange={(event) => setNote(event.target.value)} />
        </label>
        <label>
          <input type="checkbox" checked={isShared} onChange={(event) => setIsShared(event.target.checked)} /> Show it
          to everybody
        </label>
        <button type="submit" className="primary" disabled={isSending || name.trim() === ""}>
          Create the list
        </button>
      </form>
      <ProblemText problem={problem} />
    </section>
  );
}
