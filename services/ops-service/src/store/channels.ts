/** NOTIFY channel of runs; the payload is the run's number. */
export const RUN_CHANNEL = "bellwether_run";

/** NOTIFY channel of alerts; the payload is the number of the change. */
export const ALERT_CHANNEL = "bellwether_alert";
