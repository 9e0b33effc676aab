export * from "./accounts.ts";
export * from "./installations.ts";
export * from "./issues.ts";
export * from "./pull-requests.ts";
export * from "./repositories.ts";
export * from "./reviews.ts";
