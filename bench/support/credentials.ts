import { generateKeyPairSync } from "node:crypto";

export const webhookSecret = "a secret that GitHub and the apps share";

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** The environment of an App, for a process of its own: nothing of the caller's but the path. */
export const appEnvironment: Record<string, string> = {
  PATH: process.env["PATH"] ?? "",
  APP_ID: "1234",
  PRIVATE_KEY: privateKey,
  WEBHOOK_SECRET: webhookSecret,
  HOST: "127.0.0.1",
  PORT: "0",
  LOG_LEVEL: "info",
};
