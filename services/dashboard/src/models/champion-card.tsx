import { previousChampion } from "@bellwether/contract/previous-champion";
import type { Alias, AliasMove } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useRef, useState } from "react";
import { timeText } from "../parts/format.ts";
import { Empty } from "../parts/load-states.tsx";
import { Name } from "../parts/name.tsx";
import { AliasForm, type Promotion } from "./alias-form.tsx";
import { MoveButton } from "./move-button.tsx";

interface ChampionCardProps {
  readonly modelName: string;
  readonly aliases: readonly Alias[];
  /** The moves of the champion, newest first. Undefined: they are not known. */
  readonly moves: readonly AliasMove[] | undefined;
  /** Why a version is not accepted. Empty: no reason is known. */
  readonly rejectionOf: (version: string) => string;
}

/** The champion and the challenger, with who set them and why, and the buttons that change the champion. */
export function ChampionCard({ modelName, aliases, moves, rejectionOf }: ChampionCardProps) {
  const [promotion, setPromotion] = useState<Promotion>();
  const [said, setSaid] = useState("");
  const buttons = useRef<HTMLDivElement>(null);
  const close = (text = ""): void => {
    setPromotion(undefined);
    setSaid(text);
    requestAnimationFrame(() => buttons.current?.querySelector("button")?.focus());
  };
  const champion = aliases.find(({ name }) => name === "champion")?.version ?? "";
  const challenger = aliases.find(({ name }) => name === "challenger")?.version ?? "";
  const before = moves && previousChampion(moves.map(({ toVersion }) => toVersion).toReversed());
  const start = (version: string, isRollback: boolean): void => {
    setSaid("");
    setPromotion({ modelName, version, expectedVersion: champion, isRollback });
  };
  return (
    <section className="card" aria-labelledby="aliases">
      <h2 id="aliases">Champion and challenger</h2>
      {aliases.length === 0 && (
        <Empty title="No version is the champion">Publish one, for example with bellwether train --publish.</Empty>
      )}
      <dl className="facts">
        {aliases.map((alias) => (
          <AliasFact key={alias.name} alias={alias} />
        ))}
      </dl>
      <div role="status">{said !== "" && <p className="done">{visibleText(said)}</p>}</div>
      {promotion ? (
        <AliasForm promotion={promotion} onClose={() => close()} onMoved={close} />
      ) : (
        <div className="moves" ref={buttons}>
          <MoveButton
            text={challenger === "" ? "Promote the challenger…" : `Promote ${challenger}…`}
            why={whyNotPromoted(champion, challenger, rejectionOf(challenger))}
            onClick={() => start(challenger, false)}
          />
          <MoveButton
            text={before === undefined ? "Roll back…" : `Roll back to ${before}…`}
            why={before === undefined ? "No earlier champion to go back to." : undefined}
            onClick={() => start(before ?? "", true)}
          />
        </div>
      )}
    </section>
  );
}

function whyNotPromoted(champion: string, challenger: string, rejection: string): string | undefined {
  if (challenger === "") return "No challenger yet.";
  if (challenger === champion) return "The challenger is the champion already.";
  return rejection === "" ? undefined : `The challenger is rejected: ${rejection}.`;
}

function AliasFact({ alias: { name, version, setAt, setBy, reason } }: { alias: Alias }) {
  return (
    <div>
      <dt>{name === "champion" ? "Champion" : name === "challenger" ? "Challenger" : visibleText(name)}</dt>
      <dd>
        {visibleText(version)}
        <small>
          {timeText(setAt)} by <Name>{setBy}</Name>: <Name>{reason}</Name>
        </small>
      </dd>
    </div>
  );
}
