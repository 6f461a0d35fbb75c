/** A valid name of a destination of notices, in config/notice_routes.yaml, in requests and in the address of the page. */
export const DESTINATION_NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,39}$/;
