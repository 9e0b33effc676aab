/** The function `inngest` at the path that a server has. */
export { default } from "./inngest.ts";

export const config = { path: "/api/inngest" };
