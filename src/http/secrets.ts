import { createHash, timingSafeEqual } from "node:crypto";

export function toDigest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Compares digests, because `timingSafeEqual` needs equal lengths. */
export function isSameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(toDigest(given), toDigest(secret));
}
