import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError, hasNoCredentials, parseConfig, variableNames } from "../src/config.ts";
import { findMisspelledVariables } from "../src/misspelled-variables.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
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

test("credentials alone run on the embedded database and queue", () => {
  expect(parseConfig(credentials)).toMatchObject({
    inngest: { kind: "embedded" },
    database: { kind: "pglite" },
    dataDir: ".data",
    githubApiUrl: "https://api.github.com",
    port: 3000,
  });
});

test("by default an installation backfills 90 days, and an uninstallation keeps the rows", () => {
  expect(parseConfig(credentials)).toMatchObject({ backfillDays: 90, purgeOnUninstall: false });
  const told = { BACKFILL_DAYS: "7", PURGE_ON_UNINSTALL: "true" };
  expect(parseConfig({ ...credentials, ...told })).toMatchObject({ backfillDays: 7, purgeOnUninstall: true });
  const wrong = faultsOf({ ...credentials, BACKFILL_DAYS: "all", PURGE_ON_UNINSTALL: "yes" });
  expect(wrong).toMatch(/BACKFILL_DAYS must be a number/);
  expect(wrong).toMatch(/PURGE_ON_UNINSTALL must be true or false/);
});

test("one message names every fault, without values", () => {
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

/** One for each way in which a value can be wrong. */
const wrongValues = [
  "planted",
  "planted value",
  "planted\nvalue",
  "-1",
  "http://user:planted@host",
  "ftp://planted",
];

test.each(variableNames)("a fault of %s shows no value", (name) => {
  for (const value of wrongValues)
    expect(faultsOf({ ...credentials, [name]: value })).not.toContain("planted");
});

test("a wrong variable is not reported as missing too", () => {
  expect(faultsOf({ ...credentials, APP_ID: "twelve" })).not.toContain("APP_ID is missing");
});

test("a missing WEBHOOK_SECRET is a fault", () => {
  expect(faultsOf({ ...credentials, WEBHOOK_SECRET: " " })).toContain("WEBHOOK_SECRET is missing");
});

test("Inngest's keys select Inngest, and INNGEST_DEV selects the Dev Server", () => {
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

test("two databases are a fault", () => {
  const both = {
    SUPABASE_URL: "https://x.supabase.co",
    SUPABASE_SERVICE_ROLE_KEY: "k",
    DATABASE_URL: "postgres://db/x",
  };
  expect(faultsOf({ ...credentials, ...both })).toContain("both set");
});

test("an environment without credentials is recognized", () => {
  expect(hasNoCredentials({ PORT: "3000", APP_ID: "" })).toBe(true);
  expect(hasNoCredentials({ WEBHOOK_SECRET: "s" })).toBe(false);
});

test("every value is trimmed", () => {
  const padded = Object.fromEntries(
    Object.entries({
      ...credentials,
      WEBHOOK_SECRET: "s3cret",
      ADMIN_TOKEN: "a-token-of-sixteen",
      GITHUB_TOKEN: "ghp_x",
      GITHUB_API_URL: "https://ghe.example.com/api/v3/",
      HOST: "[::1]",
      INNGEST_EVENT_KEY: "e",
      INNGEST_SIGNING_KEY: "s",
      INNGEST_SIGNING_KEY_FALLBACK: "f",
      INNGEST_ENV: "branch",
      INNGEST_SERVE_ORIGIN: "https://example.com/",
      DATA_DIR: "data",
    }).map(([name, value]) => [name, ` ${value}\r\n`]),
  );
  expect(parseConfig(padded)).toMatchObject({
    webhookSecret: "s3cret",
    adminToken: "a-token-of-sixteen",
    githubToken: "ghp_x",
    githubApiUrl: "https://ghe.example.com/api/v3",
    host: "::1",
    dataDir: "data",
    inngest: { eventKey: "e", signingKey: "s", signingKeyFallback: "f", env: "branch" },
    inngestServeOrigin: "https://example.com",
  });
});

test.each([
  ["PORT", "99999", "from 0 to 65535"],
  ["JOB_RETENTION_DAYS", "0", "from 1 to 3650"],
  ["BUDGET_RESERVE", "2", "from 0 to 1"],
  ["HOST", "http://x/y", "must be a host name"],
  ["WEBHOOK_SECRET", "development", "Probot's public default"],
  ["SUPABASE_SERVICE_ROLE_KEY", "sb_publishable_x", "public key"],
  ["SUPABASE_SERVICE_ROLE_KEY", "sb_secret\nx", "line breaks"],
  ["GITHUB_TOKEN", "ghp_x y", "without spaces"],
  ["GITHUB_API_URL", "https://me:pw@ghe.example.com/api/v3", "user name or password"],
  ["INNGEST_DEV", "https://me:pw@example.com", "user name or password"],
  ["DATABASE_URL", "postgres://me:1/2@db/x", "percent-encoded"],
  ["DATABASE_URL", "postgres://me:1#2@db/x", "percent-encoded"],
  ["DATABASE_URL", "postgres://me:%zz@db/x", "percent-encoded"],
])("%s=%s is a fault that names the valid values", (name, value, sentence) => {
  const message = faultsOf({ ...credentials, SUPABASE_URL: "https://x.supabase.co", [name]: value });
  expect(message).toMatch(new RegExp(`${name} .*${sentence}`));
});

test.each(["sec1", "pkcs8"] as const)(
  "a private key that is not RSA is a fault that names its type (%s)",
  (type) => {
    const ec = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type, format: "pem" },
    });
    expect(faultsOf({ ...credentials, PRIVATE_KEY: ec.privateKey })).toContain(
      "PRIVATE_KEY contains a key of type ec, but GitHub Apps have RSA keys",
    );
  },
);

test("a PRIVATE_KEY that is a public key or no key is one fault", () => {
  const faultsWith = (PRIVATE_KEY: string) =>
    faultsOf({ ...credentials, PRIVATE_KEY })
      .split("\n")
      .slice(1, -1);
  expect(faultsWith(publicKey)).toEqual([
    "  - PRIVATE_KEY contains a public key: generate a private key on the App's settings page.",
  ]);
  for (const none of ["hunter2", Buffer.from("hunter2").toString("base64"), privateKey.slice(0, 200)])
    expect(faultsWith(none)).toEqual(["  - PRIVATE_KEY is not a private key in PEM format."]);
});

test("a PRIVATE_KEY_PATH without a private key is one fault that names it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pr-capture-key-"));
  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const { PRIVATE_KEY: _, ...others } = credentials;
  const faultsWith = (PRIVATE_KEY_PATH: string) =>
    faultsOf({ ...others, PRIVATE_KEY_PATH })
      .split("\n")
      .slice(1, -1);
  const notThere = ["  - PRIVATE_KEY_PATH does not name a file with a private key in PEM format."];
  expect(faultsWith(join(folder, "none.pem"))).toEqual(notThere);
  expect(faultsWith(folder)).toEqual(notThere);
  expect(faultsWith(await file("other.pem", "hunter2"))).toEqual(notThere);
  expect(faultsWith(await file("public.pem", publicKey))).toEqual([
    "  - PRIVATE_KEY_PATH contains a public key: generate a private key on the App's settings page.",
  ]);
  expect(faultsWith(await file("app.pem", privateKey))).toEqual([]);
  await rm(folder, { recursive: true });
});

test.each([
  ["DATABSE_URL", "DATABASE_URL"],
  ["WEBHOOK_SECERT", "WEBHOOK_SECRET"],
  ["SUPABASE_SERVICE_KEY", "SUPABASE_SERVICE_ROLE_KEY"],
  ["APPID", "APP_ID"],
  ["database_url", "DATABASE_URL"],
])("%s is recognized as a misspelled %s", (name, meant) => {
  expect(findMisspelledVariables({ [name]: "x" })).toEqual([{ name, meant }]);
});

test("variables of other programs are not reported as misspelled", () => {
  const others =
    "PATH HOME HOSTNAME HOSTTYPE LOGNAME APP_UID PGDATA PGHOST PGPORT PGDATABASE NODE_ENV LANG SHELL TERM EDITOR USER PWD TMPDIR NODE_OPTIONS CI SUPABASE_ANON_KEY SUPABASE_DB_URL INNGEST_API_BASE_URL GH_TOKEN GITHUB_REPOSITORY GITHUB_API_URL XDG_DATA_DIRS";
  expect(findMisspelledVariables(Object.fromEntries(others.split(" ").map((name) => [name, "x"])))).toEqual(
    [],
  );
});
