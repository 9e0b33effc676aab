import { createBudget, renew } from "./budget.ts";
import type { Budget, Resource } from "./budget.ts";
import { badCredentials, refusal, suspended } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Installation, Repository } from "./state.ts";
import { newSha } from "./world.ts";
import type { World } from "./world.ts";

/**
 * Who asks: the App itself by its JWT, an installation by a token that lives an hour, a person by a token of its own, or
 * nobody. Persons and nobody see public repositories only.
 */
export type Credential =
  | { kind: "app" }
  | { kind: "installation"; installation: Installation }
  | { kind: "token"; token: string }
  | { kind: "anonymous" };

export interface Credentials {
  /** Installation tokens; GitHub keeps one budget for all of an installation's. */
  tokens: Map<string, { installation: Installation; expiresAt: Date }>;
  personalTokens: Set<string>;
  budgets: Map<string, Budget>;
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

/** A refusal when the `authorization` header is there but worth nothing. */
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

/** The signature is taken on trust; issuer and times are not. */
function checkJwt(world: World, token: string): Reply | null {
  const claims = claimsOf(token);
  if (claims === null) return refusal(401, "A JSON web token could not be decoded");
  const now = world.now().getTime() / 1000;
  if (![String(world.app.id), world.app.clientId].includes(String(claims["iss"])))
    return refusal(401, "Integration not found");
  const { exp, iat } = claims;
  if (typeof exp !== "number" || exp <= now) {
    return refusal(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (exp > now + 660) return refusal(401, "'Expiration time' claim ('exp') is too far in the future");
  if (typeof iat !== "number" || iat > now + 5) {
    return refusal(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  return null;
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
): Budget {
  const key = `${who(credential)}:${resource}`;
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

/** As GitHub names it in a refusal. */
export function who(credential: Credential): string {
  if (credential.kind === "installation") return `installation ID ${credential.installation.id}`;
  if (credential.kind === "token") return `user ID ${credential.token}`;
  return credential.kind === "app" ? "app" : "127.0.0.1";
}
