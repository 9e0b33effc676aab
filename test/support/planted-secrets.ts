import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** Values that no output may contain, for each variable that is a secret. They are valid. */
export const planted = {
  PRIVATE_KEY: privateKey,
  WEBHOOK_SECRET: "planted-webhook-secret",
  ADMIN_TOKEN: "planted-admin-token",
  METRICS_TOKEN: "planted-metrics-token",
  GITHUB_TOKEN: "ghp_plantedGithubToken",
  INNGEST_EVENT_KEY: "planted-event-key",
  INNGEST_SIGNING_KEY: "signkey-test-1111aaaa2222bbbb",
  INNGEST_SIGNING_KEY_FALLBACK: "signkey-test-3333cccc4444dddd",
  INNGEST_ENCRYPTION_KEY: "planted-encryption-key",
  INNGEST_ENCRYPTION_KEY_FALLBACK: "planted-old-encryption-key",
  SUPABASE_SERVICE_ROLE_KEY: "sb_secret_plantedServiceKey",
  OTEL_EXPORTER_OTLP_HEADERS: "authorization=planted-collector-token",
  ALERT_WEBHOOK_URL: "http://127.0.0.1:9/planted-alert-path",
} as const;

/** The password in DATABASE_URL. */
export const plantedPassword = "planted-database-password";

/** Runs work, such as a build, with all of them in this process's environment. */
export async function withPlantedEnvironment<Result>(work: () => Promise<Result>): Promise<Result> {
  const before = { ...process.env };
  const names = Object.keys({ ...planted, DATABASE_URL: "" });
  Object.assign(process.env, planted, { DATABASE_URL: `postgres://me:${plantedPassword}@localhost/x` });
  try {
    return await work();
  } finally {
    for (const name of names) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

/** Returns the texts that would reveal a value: the value, its distinctive part, and its encodings. */
function tracesOf(value: string): string[] {
  const lines = value.trim().split("\n");
  const parts = lines.length > 2 ? lines.slice(1, -1) : [value];
  const distinctive = parts.flatMap((part) => [
    part,
    part.replace(/^(signkey-\w+-|authorization=|https?:\/\/[^/]+\/)/, ""),
  ]);
  return [...new Set([...distinctive, Buffer.from(value).toString("base64"), encodeURIComponent(value)])];
}

/** The names of the secrets that a text contains. `more` are secrets that were made at run time, by name. */
export function secretsIn(output: string, more: ReadonlyMap<string, string> = new Map()): string[] {
  const all = [...Object.entries(planted), ["DATABASE_URL", plantedPassword] as const, ...more];
  return all.flatMap(([name, value]) =>
    tracesOf(value).some((trace) => output.includes(trace)) ? [name] : [],
  );
}

/** The content of all files in a folder, byte for byte. */
export async function readFolder(folder: string): Promise<string> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) =>
    file.isFile(),
  );
  const contents = await Promise.all(
    files.map((file) => readFile(join(file.parentPath, file.name), "latin1")),
  );
  return contents.join("\n");
}

export type Fault = "echo 401" | "echo 500" | "redirect" | "no answer";

export interface Service {
  url: string;
  /** Null: it answers as it should. */
  fault: Fault | null;
  /** The bodies of all requests. */
  bodies: string[];
  /** The tokens that it received in `authorization`, by name. */
  tokens: Map<string, string>;
  close(): void;
}

/** A service that can fail in the ways that show what it was sent. `answer` is how it works otherwise. */
export async function openService(
  answer: (request: { url: string; method: string; body: string }) => Promise<Response> | Response,
): Promise<Service> {
  const server = createServer((request, response) => {
    const respond = async () => {
      const body = await text(request);
      service.bodies.push(body);
      const [, token] = /^\S+ (.+)$/.exec(request.headers.authorization ?? "") ?? [];
      if (token) service.tokens.set("authorization", token);
      const { url = "/", method = "GET" } = request;
      const failure = service.fault && fail(service.fault, request);
      if (failure === "no answer") return void response.destroy();
      const answered = failure ?? (await answer({ url, method, body }));
      response.writeHead(answered.status, Object.fromEntries(answered.headers));
      response.end(await answered.text());
    };
    respond().catch((error: unknown) => response.destroy(error as Error));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const service: Service = {
    url,
    fault: null,
    bodies: [],
    tokens: new Map(),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return service;
}

/** Every field of the answer repeats the request's URL and headers. */
export function echo(status: number, url: string, headers: Iterable<[string, unknown]>): Response {
  const message = `Refused ${url} ${JSON.stringify(Object.fromEntries(headers))}`;
  return Response.json(
    {
      message,
      error: message,
      error_description: message,
      hint: message,
      details: message,
      status,
      code: "42501",
      errors: [{ message }],
    },
    { status },
  );
}

function fail(fault: Fault, { url = "/", headers }: IncomingMessage): Response | "no answer" {
  if (fault === "no answer") return fault;
  if (fault === "redirect")
    return new Response(null, {
      status: 307,
      headers: {
        location: `http://127.0.0.1:9${url}?${new URLSearchParams(JSON.parse(JSON.stringify(headers))).toString()}`,
      },
    });
  return echo(Number(fault.slice(-3)), url, Object.entries(headers));
}
