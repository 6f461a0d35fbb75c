import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { createPageTrace, followActions, statedSampleRatio } from "./rpc/page-trace.ts";
import { createQueries } from "./rpc/queries.ts";
import { createDashboardTransport } from "./rpc/transport.ts";
import { sessionInterceptor } from "./rpc/use-session.ts";

const root = document.getElementById("page");
if (!root) throw new Error("index.html has no element with the id page");
const trace = createPageTrace({ sampleRatio: statedSampleRatio(document) });
followActions(trace, window);
const queries = createQueries();
const transport = createDashboardTransport(document.baseURI, trace, [sessionInterceptor(queries)]);
createRoot(root).render(
  <StrictMode>
    <TransportProvider transport={transport}>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </TransportProvider>
  </StrictMode>,
);
