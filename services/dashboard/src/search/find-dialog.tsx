import { MatchKind, type SupplierMatch, SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData, skipToken } from "@tanstack/react-query";
import { Command } from "cmdk";
import { useEffect, useRef, useState } from "react";
import { BandBadge } from "../parts/badges.tsx";
import { countOf, scoreText } from "../parts/format.ts";
import { Name } from "../parts/name.tsx";
import { ACTIVE_ALERTS } from "../routing/inbox-view.ts";
import { ALL_EVENTS } from "../routing/record-views.ts";
import { ALL_SUPPLIERS, hrefOf } from "../routing/route.ts";
import { problemOf } from "../rpc/problem.ts";
import { useReader } from "../session/reader.ts";

const PAGES: readonly (readonly [name: string, href: string])[] = [
  ["Alerts", hrefOf({ page: "alerts", view: ACTIVE_ALERTS })],
  ["This week", hrefOf({ page: "week", isoWeek: "" })],
  ["Suppliers", hrefOf({ page: "suppliers", ...ALL_SUPPLIERS })],
  ["Weeks", hrefOf({ page: "run", isoWeek: "" })],
  ["Performance", hrefOf({ page: "performance" })],
  ["Models", hrefOf({ page: "models", modelName: "", version: "", other: "" })],
  ["Rules", hrefOf({ page: "rules", setId: "" })],
  ["Settings", hrefOf({ page: "settings" })],
];
/** Only for administrators. */
const AUDIT = ["Audit", hrefOf({ page: "audit", ...ALL_EVENTS })] as const;
/** Only for those who may read it. */
const NOTICES = ["Settings: notices", hrefOf({ page: "notices", state: "", destination: "" })] as const;
/** Time without typing after which the search begins. */
const TYPING_PAUSE_MS = 150;
const LIMIT = 12;
/** Maximum length of the text: the contract allows 200 bytes, and a character has at most four. */
const LONGEST_TEXT = 50;

/** Finds a supplier by its name or an id, or a page by its name. */
export default function FindDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const query = usePaused(text.trim());
  const found = useQuery(SupplierService.method.searchSuppliers, query === "" ? skipToken : { query, limit: LIMIT }, {
    placeholderData: keepPreviousData,
  });
  useEffect(() => dialog.current?.showModal(), []);
  const goTo = (href: string): void => {
    dialog.current?.close();
    window.location.hash = href;
  };
  const matches = query === "" ? [] : (found.data?.matches ?? []);
  const { mayDecide, mayAdminister, seesAll } = useReader();
  const pages = [...PAGES, ...(mayAdminister ? [AUDIT] : []), ...(mayDecide && seesAll ? [NOTICES] : [])].filter(
    ([name]) => name.toLowerCase().includes(text.trim().toLowerCase()),
  );
  const modelName = found.data?.modelName ?? "";
  return (
    <dialog ref={dialog} className="find-dialog" aria-label="Find" onClose={onClose}>
      {/* A dialog focuses the first element that can have the focus: with a tabIndex, that is not the input. */}
      <Command label="Find a supplier or a page" shouldFilter={false} loop tabIndex={undefined}>
        <Command.Input
          maxLength={LONGEST_TEXT}
          placeholder="Supplier name, id, or page"
          value={text}
          onValueChange={setText}
        />
        <Command.List>
          {matches.map((match) => {
            const supplierId = match.supplier?.supplierId ?? "";
            return (
              <Command.Item
                key={supplierId}
                value={`supplier/${supplierId}`}
                onSelect={() => goTo(hrefOf({ page: "supplier", supplierId, modelName }))}
              >
                <Found match={match} />
              </Command.Item>
            );
          })}
          {pages.map(([name, href]) => (
            <Command.Item key={name} value={`page/${name}`} onSelect={() => goTo(href)}>
              <span>{name}</span>
              <small>page</small>
            </Command.Item>
          ))}
        </Command.List>
        <p className="quiet" role="status">
          {statusText(query, matches.length, found)}
        </p>
      </Command>
    </dialog>
  );
}

function Found({ match }: { match: SupplierMatch }) {
  const { supplier, identifier, kind } = match;
  if (!supplier) return null;
  const score = supplier.latestScore;
  return (
    <>
      <span>
        <Name>{supplier.name || supplier.supplierId}</Name>
        <small>
          {visibleText(supplier.supplierId)}
          {identifier && `, ${identifier.kind.toUpperCase()} ${visibleText(identifier.value)}`}
          {kind === MatchKind.SIMILAR_NAME && ", similar name"}
        </small>
      </span>
      {score && (
        <span className="number">
          {scoreText(score.riskScore)} <BandBadge band={score.band} />
        </span>
      )}
    </>
  );
}

interface Search {
  readonly isError: boolean;
  readonly error: unknown;
  readonly isFetching: boolean;
  readonly data?: { readonly truncated: boolean } | undefined;
}

function statusText(query: string, matches: number, search: Search): string {
  if (query === "") return "Type a name or an id.";
  if (search.isError) {
    const { title, wayOut } = problemOf(search.error);
    return `${title}. ${wayOut}`;
  }
  if (search.isFetching) return "Searching…";
  if (matches === 0) return "No supplier has this name or id.";
  const more = search.data?.truncated ? ", and more: make the text longer" : "";
  return `${countOf(matches, "supplier")}${more}`;
}

/** Returns a text when it has not changed for a short time. */
function usePaused(text: string): string {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}
