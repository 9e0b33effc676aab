import { verify } from "node:crypto";
import { createBudget, renew } from "./budget.ts";
import type { CredentialBudget, Resource } from "./budget.ts";
import { badCredentials, refusal, suspended } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Installation, Repository } from "./state.ts";
import { newSha } from "./world.ts";
import type { World } from "./world.ts";

/**
 * The sender of a request: the App by its JWT, an installation by a token that lasts an hour, a person by a personal token, or an anonymous
 * client. Persons and anonymous clients see only public repositories.
 */
export type Credential =
  | { kind: "app" }
  | { kind: "installation"; installation: Installation }
  | { kind: "token"; token: string }
  | { kind: "anonymous" };

export interface Credentials {
  /** Installation tokens. All tokens of an installation share a budget. */
  tokens: Map<string, { installation: Installation; expiresAt: Date }>;
  personalTokens: Set<string>;
  budgets: Map<string, CredentialBudget>;
  limit: number;
}

export function createCredentials(limit: number): Credentials {
  return { tokens: new Map(), personalTokens: new Set(), budgets: new Map(), limit };
}

export function createInstallationToken(world: World, credentials: Credentials, installation: Installation) {
  const token = `ghs_${newSha(world).slice(0, 36)}`;
  const expiresAt = new Date(world.now().getTime() + 3_600_000);
  credentials.tokens.set(token, { installation, expiresAt });
  return { token, expiresAt };
}

/** Returns a refusal when the `authorization` header is not valid. */
export function authenticate(world: World, credentials: Credentials, request: Request): Credential | Reply {
  const header = request.headers.get("authorization");
  if (header === null) return { kind: "anonymous" };
  const [, scheme = "", token = ""] = /^(\S+)\s+(\S+)$/.exec(header.trim()) ?? [];
  if (!/^(bearer|token)$/i.test(scheme)) return badCredentials();
  if (token.split(".").length === 3) return checkJwt(world, token) ?? { kind: "app" };
  if (credentials.personalTokens.has(token)) return { kind: "token", token };
  const granted = credentials.tokens.get(token);
  if (!granted || granted.expiresAt <= world.now() || granted.installation.deletedAt !== null)
    return badCredentials();
  if (granted.installation.suspendedAt !== null) return suspended();
  return { kind: "installation", installation: granted.installation };
}

/**
 * Checks the issuer and the times, and the signature if the App's public key is configured. GitHub refuses an `iat` in its future, so a
 * client that backdates by 30 s, as @octokit/auth-app does, can be 30 s ahead. https://github.com/microsoft/AL-Go/pull/2289
 * `exp` can be at most 10 minutes ahead.
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app#about-json-web-tokens-jwts
 */
function checkJwt(world: World, token: string): Reply | null {
  const claims = claimsOf(token);
  if (claims === null) return refusal(401, "A JSON web token could not be decoded");
  if (![String(world.app.id), world.app.clientId].includes(String(claims["iss"])))
    return refusal(401, "Integration not found");
  if (!isSignedByApp(world, token)) return refusal(401, "A JSON web token could not be decoded");
  if (!world.checksJwtTime) return null;
  const now = Math.floor(world.answeredAt().getTime() / 1000);
  const { exp, iat } = claims;
  if (typeof exp !== "number" || exp <= now) {
    return refusal(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (typeof iat !== "number" || iat > now) {
    return refusal(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  if (exp > now + 600) return refusal(401, "'Expiration time' claim ('exp') is too far in the future");
  return null;
}

function isSignedByApp({ app }: World, token: string): boolean {
  if (app.publicKey === null) return true;
  const [header = "", claims = "", signature = ""] = token.split(".");
  const signed = Buffer.from(`${header}.${claims}`);
  return verify("sha256", signed, app.publicKey, Buffer.from(signature, "base64url"));
}

function claimsOf(token: string): Record<string, unknown> | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    return typeof claims === "object" && claims !== null ? { ...claims } : null;
  } catch {
    return null;
  }
}

export function canSee(credential: Credential, repository: Repository): boolean {
  if (repository.deleted) return false;
  if (!repository.private) return true;
  return credential.kind === "installation" && credential.installation.repositories.has(repository);
}

export function budgetOf(
  world: World,
  credentials: Credentials,
  credential: Credential,
  resource: Resource,
): CredentialBudget {
  const key = `${nameOf(credential)}:${resource}`;
  let budget = credentials.budgets.get(key);
  if (!budget) {
    budget = createBudget(resource, limitOf(credentials, credential));
    credentials.budgets.set(key, budget);
  }
  return renew(world, budget);
}

function limitOf({ limit }: Credentials, { kind }: Credential): number {
  if (kind === "anonymous") return 60;
  return kind === "app" ? 5000 : limit;
}

/** Returns GitHub's name for a credential in a refusal. */
export function nameOf(credential: Credential): string {
  if (credential.kind === "installation") return `installation ID ${credential.installation.id}`;
  if (credential.kind === "token") return `user ID ${credential.token}`;
  return credential.kind === "app" ? "app" : "127.0.0.1";
}
