import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { createPageTrace, followActions, statedSampleRatio } from "./rpc/page-trace.ts";
import { createQueries } from "./rpc/queries.ts";
import { createDashboardTransport } from "./rpc/transport.ts";

const root = document.getElementById("page");
if (!root) throw new Error("index.html has no element with the id page");
const trace = createPageTrace({ sampleRatio: statedSampleRatio(document) });
followActions(trace, window);
createRoot(root).render(
  <StrictMode>
    <TransportProvider transport={createDashboardTransport(document.baseURI, trace)}>
      <QueryClientProvider client={createQueries()}>
        <App />
      </QueryClientProvider>
    </TransportProvider>
  </StrictMode>,
);
