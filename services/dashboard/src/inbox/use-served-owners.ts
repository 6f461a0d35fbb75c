import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { MAX_OWNERS } from "./known-owners.ts";

/** Pause after the last key before the server is asked. */
const PAUSE_MS = 150;
const NOBODY: readonly string[] = [];

/** Returns the owners that the server suggests for what was typed. Empty while they are not known. */
export function useServedOwners(typed: string): readonly string[] {
  const prefix = typed.trim();
  const [asked, setAsked] = useState(prefix);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(prefix), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [prefix]);
  // Without an answer the form works as before: any name can be typed.
  const { data } = useQuery(
    AlertService.method.suggestOwners,
    { prefix: asked, limit: MAX_OWNERS },
    { placeholderData: keepPreviousData, retry: false },
  );
  return data?.owners.map(({ owner }) => owner) ?? NOBODY;
}
