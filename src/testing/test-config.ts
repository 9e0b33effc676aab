import { generateKeyPairSync } from "node:crypto";
import { parseConfig, type Config, type Environment } from "../config.ts";

export const webhookSecret = "It's a Secret to Everybody";

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** The environment of an App with the embedded database and queue. */
export const testEnvironment = {
  APP_ID: "1234",
  PRIVATE_KEY: privateKey,
  WEBHOOK_SECRET: webhookSecret,
  LOG_LEVEL: "silent",
  PORT: "0",
  HOST: "127.0.0.1",
} as const;

/** GitHub's part of the App's key. */
export const appPublicKey = publicKey;

export function testConfig(environment: Environment = {}): Config {
  return parseConfig({ ...testEnvironment, ...environment });
}
