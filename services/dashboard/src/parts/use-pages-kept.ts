import { useEffect, useRef } from "react";
import { keepPlace, keptPlace } from "./kept-place.ts";

/** A list that is loaded page by page. */
interface PagedList {
  readonly data: { readonly pages: readonly unknown[] } | undefined;
  readonly hasNextPage: boolean;
  readonly isFetching: boolean;
  readonly isError: boolean;
  readonly fetchNextPage: () => Promise<unknown>;
}

/** Loads the same number of pages as before a reload. Returns a function that loads one more. */
export function usePagesKept(list: PagedList): () => void {
  const wanted = useRef(keptPlace()?.pages ?? 1);
  const pages = list.data?.pages.length ?? 0;
  const { hasNextPage, isFetching, isError, fetchNextPage } = list;
  useEffect(() => {
    if (pages > 0 && pages < wanted.current && hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [pages, hasNextPage, isFetching, isError, fetchNextPage]);
  return () => {
    keepPlace({ pages: pages + 1 });
    void fetchNextPage();
  };
}
