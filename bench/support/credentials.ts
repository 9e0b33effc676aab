import { testEnvironment } from "../../src/testing/test-config.ts";

/** The environment of an App for a child process, with only the PATH of this process. */
export const appEnvironment: Record<string, string> = {
  ...testEnvironment,
  PATH: process.env["PATH"] ?? "",
  LOG_LEVEL: "info",
};
