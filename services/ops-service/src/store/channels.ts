/** NOTIFY channel of runs. The payload is the id of the run. */
export const RUN_CHANNEL = "bellwether_run";

/** NOTIFY channel of alerts. The payload is the position of the change in the sequence of all changes. */
export const ALERT_CHANNEL = "bellwether_alert";

/** NOTIFY channel of sessions that have ended. The payload is the id of the session. */
export const SESSION_CHANNEL = "bellwether_session";

/** NOTIFY channel of API keys: a key was created or revoked. The payload is the id of the key. */
export const API_KEY_CHANNEL = "bellwether_api_key";
