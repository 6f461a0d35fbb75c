/** The caller sees no list with the id. */
export class WatchlistNotFoundError extends Error {
  override readonly name = "WatchlistNotFoundError" as const;
  constructor(id: string) {
    super(`there is no watchlist ${id} that you can see; ListWatchlists lists yours and the shared ones`);
  }
}

/** The list is of another owner. */
export class WatchlistNotOwnedError extends Error {
  override readonly name = "WatchlistNotOwnedError" as const;
  constructor(name: string, owner: string) {
    super(`only ${owner} or an administrator may change the watchlist ${JSON.stringify(name)}`);
  }
}

/** The owner has a list with this name. */
export class WatchlistNameTakenError extends Error {
  override readonly name = "WatchlistNameTakenError" as const;
  constructor(name: string) {
    super(`there is a watchlist ${JSON.stringify(name)} of the same owner; choose another name`);
  }
}

/** Somebody has changed the list since the caller read it. */
export class WatchlistChangedError extends Error {
  override readonly name = "WatchlistChangedError" as const;
  readonly metadata: Readonly<Record<string, string>>;
  constructor(name: string, { version, changedBy }: { readonly version: number; readonly changedBy: string }) {
    super(
      `the watchlist ${JSON.stringify(name)} was changed: it has version ${version} now, by ${changedBy}; read it again and decide again`,
    );
    this.metadata = { version: String(version), changed_by: changedBy };
  }
}

/** There would be too many lists, or too many suppliers in a list. */
export class WatchlistLimitError extends Error {
  override readonly name = "WatchlistLimitError" as const;
  constructor(limit: number, what: "lists" | "suppliers") {
    super(
      what === "lists"
        ? `at most ${limit} watchlists of one owner; delete one first`
        : `at most ${limit} suppliers in a watchlist; remove some first, or use another list`,
    );
  }
}
