/** The scenarios of `npm run faults`, with what each does. */
export const ABOUT = {
  overload: "a replica at three times its peak load, then at half of it",
  "outage-kill": "one of two replicas is killed",
  "outage-errors": "one of two replicas answers UNAVAILABLE",
  frozen: "one of two replicas is stopped, with its connections open, and continued",
  rolling: "restarts by SIGTERM, one replica after the other, under load",
  hostile: "hostile messages to the gRPC and the web listener",
  floods: "HTTP/2 floods of the gRPC and the web listener, while an honest client calls",
  bodies: "requests of 16 MiB on every stream that never end, while an honest client calls",
  fuzz: "malformed requests to the nine listeners of the three services, with honest calls in between",
  collector: "a telemetry collector that refuses connections or never answers",
  "audit-trail": "audit events to an ops-service that refuses connections or never answers",
  audit: "ops-service, ml-service and PostgreSQL are killed while events are appended and suppliers scored",
  takeover: "the scheduler that runs a week is killed, and a second one completes it",
  kills:
    "each process of a weekly run, and of a revision of a week, is killed in each stage, with the jobs in PostgreSQL and in Redis",
  triage: "twelve callers triage and list alerts while runs of 100,000 suppliers complete",
  notices: "two replicas of ops-service, a process that delivers, and PostgreSQL are killed while alerts are raised",
  kafka: "a broker of Apache Kafka, ops-service and PostgreSQL are killed while events are sent to Kafka (Java)",
} as const;
