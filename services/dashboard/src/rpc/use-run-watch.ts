import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { followStream, pause } from "./follow-stream.ts";
import { openStream } from "./open-stream.ts";

/** Returns the newest known state of a run: at first the listed one. While the run is in progress, each change updates it. */
export function useRunWatch(listed: BatchRun): BatchRun {
  const transport = useTransport();
  const queries = useQueryClient();
  const [latest, setLatest] = useState(listed);
  const { runId } = listed;
  const running = listed.state === RunState.RUNNING;
  useEffect(() => {
    if (!running) return;
    const stop = new AbortController();
    const show = (run: BatchRun | undefined): void => {
      if (!run) return;
      setLatest(run);
      if (run.state === RunState.RUNNING) return;
      stop.abort();
      void queries.invalidateQueries({
        queryKey: createConnectQueryKey({ schema: BatchService, cardinality: undefined }),
      });
    };
    void followStream({
      open: (signal) => openStream(transport, BatchService.method.watchRun, { runId }, signal),
      onMessage: ({ run }) => show(run),
      onLive: () => {},
      wait: pause,
      signal: stop.signal,
    });
    return () => stop.abort();
  }, [transport, queries, runId, running]);
  return running && latest.runId === runId ? latest : listed;
}
