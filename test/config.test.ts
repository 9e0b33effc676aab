import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { ConfigError, hasNoCredentials, parseConfig } from "../src/config.ts";

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const credentials = { APP_ID: "1", PRIVATE_KEY: privateKey, WEBHOOK_SECRET: "s3cret" };

function faultsOf(environment: Record<string, string>): string {
  try {
    parseConfig(environment);
    return "";
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error instanceof Error ? error.message : "";
  }
}

test("credentials alone run on the embedded pair", () => {
  expect(parseConfig(credentials)).toMatchObject({
    inngest: { kind: "embedded" },
    database: { kind: "pglite" },
    dataDir: ".data",
    githubApiUrl: "https://api.github.com",
    port: 3000,
  });
});

test("installing starts with 90 days of history, and uninstalling keeps the rows, unless told otherwise", () => {
  expect(parseConfig(credentials)).toMatchObject({ backfillDays: 90, purgeOnUninstall: false });
  const told = { BACKFILL_DAYS: "7", PURGE_ON_UNINSTALL: "true" };
  expect(parseConfig({ ...credentials, ...told })).toMatchObject({ backfillDays: 7, purgeOnUninstall: true });
  const wrong = faultsOf({ ...credentials, BACKFILL_DAYS: "all", PURGE_ON_UNINSTALL: "yes" });
  expect(wrong).toMatch(/BACKFILL_DAYS must be a number/);
  expect(wrong).toMatch(/PURGE_ON_UNINSTALL must be true or false/);
});

test("one message names every fault, and no value", () => {
  const message = faultsOf({
    APP_ID: "twelve",
    PRIVATE_KEY: "hunter2",
    PORT: "99999",
    INNGEST_EVENT_KEY: "event-key",
    SUPABASE_SERVICE_ROLE_KEY: "role-key",
    DATABASE_URL: "mysql://root:hunter2@db",
  });
  const named = [
    "APP_ID",
    "PRIVATE_KEY",
    "WEBHOOK_SECRET",
    "PORT",
    "INNGEST_SIGNING_KEY",
    "SUPABASE_URL",
    "DATABASE_URL",
  ];
  for (const name of named) expect(message).toContain(name);
  for (const secret of ["hunter2", "event-key", "role-key"]) expect(message).not.toContain(secret);
});

test("a variable that is wrong is not also called missing", () => {
  expect(faultsOf({ ...credentials, APP_ID: "twelve" })).not.toContain("APP_ID is missing");
});

test("without WEBHOOK_SECRET there is no start", () => {
  expect(faultsOf({ ...credentials, WEBHOOK_SECRET: " " })).toContain("WEBHOOK_SECRET is missing");
});

test("keys name Inngest, INNGEST_DEV the Dev Server", () => {
  const keys = { INNGEST_EVENT_KEY: "e", INNGEST_SIGNING_KEY: "s" };
  expect(parseConfig({ ...credentials, ...keys }).inngest).toEqual({
    kind: "inngest",
    eventKey: "e",
    signingKey: "s",
    baseUrl: null,
  });
  expect(parseConfig({ ...credentials, INNGEST_DEV: "1" }).inngest).toEqual({
    kind: "dev-server",
    baseUrl: null,
  });
  expect(parseConfig({ ...credentials, INNGEST_DEV: "http://localhost:8288" }).inngest).toEqual({
    kind: "dev-server",
    baseUrl: "http://localhost:8288",
  });
});

test("two databases at once are refused", () => {
  const both = {
    SUPABASE_URL: "https://x.supabase.co",
    SUPABASE_SERVICE_ROLE_KEY: "k",
    DATABASE_URL: "postgres://db/x",
  };
  expect(faultsOf({ ...credentials, ...both })).toContain("both set");
});

test("a machine without any credential is one to register an App on", () => {
  expect(hasNoCredentials({ PORT: "3000", APP_ID: "" })).toBe(true);
  expect(hasNoCredentials({ WEBHOOK_SECRET: "s" })).toBe(false);
});
