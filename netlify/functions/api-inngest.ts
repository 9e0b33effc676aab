/** Serves the function `inngest` at the server's path, `/api/inngest`. */
export { default } from "./inngest.ts";

export const config = { path: "/api/inngest" };
