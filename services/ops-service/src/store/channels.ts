/** NOTIFY channel of runs. The payload is the id of the run. */
export const RUN_CHANNEL = "bellwether_run";

/** NOTIFY channel of alerts. The payload is the position of the change in the sequence of all changes. */
export const ALERT_CHANNEL = "bellwether_alert";
