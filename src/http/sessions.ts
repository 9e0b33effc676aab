import { hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { sign, verify } from "hono/jwt";
import type { Logger } from "pino";
import { isSameSecret, toDigest } from "./secrets.ts";

/** A sign-in without ADMIN_TOKEN: a one-time code in the server's log is exchanged for a session's token. */
export interface Sessions {
  /** Logs a link with a one-time code under the server's URL, and from then on by request. A host without a log never calls it. */
  startLinks(url: string): void;
  /** Logs another link. Earlier codes stay valid, because anyone may request a link. */
  logLink(): "logged" | "too soon" | "no links";
  /** Exchanges a code, once, for a session. Returns null when the code is wrong, used or expired. */
  redeem(code: string): Promise<{ token: string; expires_at: string } | null>;
  /** Creates a session. */
  issue(this: void): Promise<{ token: string; expires_at: string }>;
  /** True for ADMIN_TOKEN and for a session's token. */
  isValid(this: void, token: string): Promise<boolean>;
}

export interface SessionsOptions {
  adminToken: string | null;
  /** The App's private key. It always exists and has enough entropy for a key to be derived from it. */
  privateKey: string;
  log: Logger;
  /** Formats the log line of a link. */
  toLine?: (link: string, code: string) => string;
  now?: () => number;
}

const codeLifetimeMs = 30 * 60_000;
const sessionLifetimeSeconds = 12 * 60 * 60;
/** The minimum time between two links. It limits the lines in the log and the codes in memory, because anyone may request a link. */
const linkPauseMs = 10_000;

const algorithm = "HS256";
const issuer = "pr-capture console";

/**
 * Codes are kept in memory, as digests. A session's token is a signed JWT that no process has to remember: it survives restarts, and is void
 * once ADMIN_TOKEN or the App's key changes.
 */
export function createSessions({
  adminToken,
  privateKey,
  log,
  toLine = (link) => `Console: ${link}`,
  now = Date.now,
}: SessionsOptions): Sessions {
  const key = Buffer.from(hkdfSync("sha256", privateKey, adminToken ?? "", issuer, 32)).toString("base64url");
  const codes: { digest: Buffer; expiresAt: number }[] = [];
  let linkUrl: string | null = null;
  let lastLinkAt = -Infinity;

  const dropExpired = () => {
    while (codes[0] && codes[0].expiresAt <= now()) codes.shift();
  };

  const logLink: Sessions["logLink"] = () => {
    if (linkUrl === null) return "no links";
    if (now() - lastLinkAt < linkPauseMs) return "too soon";
    lastLinkAt = now();
    dropExpired();
    const code = randomBytes(32).toString("base64url");
    codes.push({ digest: toDigest(code), expiresAt: now() + codeLifetimeMs });
    // Browsers keep the fragment to themselves, so the code reaches no proxy's log.
    log.info(toLine(`${linkUrl}/#code=${code}`, code));
    return "logged";
  };

  const issue: Sessions["issue"] = async () => {
    const exp = Math.floor(now() / 1000) + sessionLifetimeSeconds;
    const token = await sign({ iss: issuer, exp }, key, algorithm);
    return { token, expires_at: new Date(exp * 1000).toISOString() };
  };

  return {
    issue,
    startLinks(url) {
      linkUrl = url;
      logLink();
    },
    logLink,
    async redeem(code) {
      dropExpired();
      const given = toDigest(code);
      const index = codes.findIndex((each) => timingSafeEqual(each.digest, given));
      if (index === -1) return null;
      codes.splice(index, 1);
      return issue();
    },
    async isValid(token) {
      if (adminToken !== null && isSameSecret(token, adminToken)) return true;
      const claims = await verify(token, key, { alg: algorithm, iss: issuer, exp: false }).catch(() => null);
      return typeof claims?.exp === "number" && claims.exp * 1000 > now();
    },
  };
}
