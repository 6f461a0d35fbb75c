/** The scenarios of `npm run faults`, with what each does. */
export const ABOUT = {
  overload: "a replica gets three times its peak load, then half of its peak load",
  "outage-kill": "one of two replicas is killed",
  "outage-errors": "one of two replicas answers UNAVAILABLE",
  frozen: "one of two replicas is frozen while its connections stay open, and later continues",
  rolling: "the replicas are restarted by SIGTERM under load, one after the other",
  hostile: "a client sends hostile messages to the gRPC and the web listener",
  floods: "a client floods the gRPC and the web listener with HTTP/2 frames while an honest client calls",
  bodies: "a client sends requests of 16 MiB on every stream and never ends them while an honest client calls",
  fuzz: "a client sends malformed requests to the nine listeners of the three services, with honest calls in between",
  collector: "the telemetry collector refuses connections or never answers",
  "audit-trail": "ml-service reports audit events while ops-service refuses connections or never answers",
  audit: "ops-service, ml-service and PostgreSQL are killed while events are appended and suppliers scored",
  takeover: "a scheduler is killed during a weekly run, and a second scheduler completes the run",
  kills:
    "each process of a weekly run, and of a revision of a week, is killed in each stage, with the jobs in PostgreSQL and in Redis",
  triage: "twelve callers triage and list alerts while runs of 100,000 suppliers complete",
  notices:
    "two replicas of ops-service, a process that delivers notices, and PostgreSQL are killed while alerts are raised",
  kafka: "a broker of Apache Kafka, ops-service and PostgreSQL are killed while events are sent to Kafka (Java)",
} as const;
